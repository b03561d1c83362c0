import { describe, expect, it } from 'vitest'
import { cap, Tail, type EventRow } from './tail'

let n = 0
const events = (count: number): EventRow[] =>
  Array.from({ length: count }, () => ({ id: `e${++n}`, cursor: `c${n}`, app: 'a', type: 't', corpId: null, occurredAt: null, receivedAt: '', payloadBytes: 1 }))
const ids = (tail: Tail, count = tail.view.count) => Array.from({ length: count }, (_, at) => tail.at(at)?.key)

describe('the tail', () => {
  it('has the newest first', () => {
    const tail = new Tail()
    const [a, b, c] = events(3) as [EventRow, EventRow, EventRow]
    tail.add([a, b])
    tail.add([c])
    expect(ids(tail)).toEqual([c.id, b.id, a.id])
    expect(tail.view.shift).toBe(3)
  })

  it('puts older events below, without moving what is read', () => {
    const tail = new Tail()
    const [old, middle, fresh] = events(3) as [EventRow, EventRow, EventRow]
    tail.add([fresh])
    tail.addOlder([middle, old])
    expect(ids(tail)).toEqual([fresh.id, middle.id, old.id])
    expect(tail.view.shift).toBe(1)
    expect(tail.oldest).toEqual(old)
  })

  it('holds back what comes while paused, and loses none of it', () => {
    const tail = new Tail()
    const [a, b, c] = events(3) as [EventRow, EventRow, EventRow]
    tail.add([a])
    tail.pause()
    tail.add([b, c])
    expect(ids(tail)).toEqual([a.id])
    expect(tail.view.waiting).toBe(2)
    tail.resume()
    expect(ids(tail)).toEqual([c.id, b.id, a.id])
    expect(tail.view.waiting).toBe(0)
  })

  it('keeps its size, however many come', () => {
    const tail = new Tail()
    for (let batch = 0; batch < 3_000; batch++) tail.add(events(8))
    expect(tail.view.count).toBeLessThanOrEqual(cap + 500)
    expect(tail.view.count).toBeGreaterThanOrEqual(cap)
    expect(tail.at(0)?.key).toBe(`e${n}`)
    expect(tail.view.shift).toBe(24_000)
    expect(tail.full).toBe(true)
  })

  it('keeps its size while paused too, and says what it passed over', () => {
    const tail = new Tail()
    tail.pause()
    for (let batch = 0; batch < 100; batch++) tail.add(events(100))
    expect(tail.view.waiting).toBeLessThanOrEqual(cap + 500)
    expect(tail.view.waiting + tail.view.missed).toBe(10_000)
  })

  it('tells of the feed in a line of its own', () => {
    const tail = new Tail()
    tail.add(events(1))
    tail.note({ kind: 'lost', at: 1 })
    expect(tail.at(0)).toMatchObject({ kind: 'notice', notice: { kind: 'lost' } })
    expect(tail.oldest?.id).toBe(`e${n}`)
    tail.clear()
    expect(tail.view.count).toBe(0)
    expect(tail.oldest).toBeNull()
  })
})
