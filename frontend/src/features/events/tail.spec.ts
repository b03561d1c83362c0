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
    expect(tail.view.count).toBeLessThanOrEqual(cap)
    expect(tail.view.count).toBeGreaterThanOrEqual(cap - 500)
    expect(tail.at(0)?.key).toBe(`e${n}`)
    expect(tail.view.shift).toBe(24_000)
    expect(tail.view.cut).toBe(true) // older ones than those held exist
  })

  it('keeps its size while paused too, and says what it passed over', () => {
    const tail = new Tail()
    tail.pause()
    for (let batch = 0; batch < 100; batch++) tail.add(events(100))
    expect(tail.view.waiting).toBeLessThanOrEqual(cap)
    expect(tail.view.waiting + tail.view.missed).toBe(10_000)
  })

  it('becomes a window on the log when older events are read than there is room for', () => {
    const tail = new Tail()
    const log = events(8_000).reverse() // newest first
    tail.addOlder(log.slice(0, 100))
    tail.pause()
    for (let from = 100; from < 7_900; from += 200) {
      const top = tail.at(0)?.key
      const shift = tail.view.shift
      const read = tail.at(tail.view.count - 1)?.key
      const place = tail.view.count - 1
      tail.addOlder(log.slice(from, from + 200))
      expect(tail.view.count).toBeLessThanOrEqual(cap)
      expect(tail.at(place + tail.view.shift - shift)?.key).toBe(read) // what was read stays where shift says
      if (tail.view.shift === shift) expect(tail.at(0)?.key).toBe(top)
    }
    expect(tail.view).toMatchObject({ history: true, paused: false, cut: false })
    expect(tail.oldest?.id).toBe(log[7_899]?.id)
    const count = tail.view.count
    tail.add(events(3))
    expect(tail.view.count).toBe(count) // nothing live comes among them

    while (tail.newest !== log[0]) {
      const at = log.indexOf(tail.newest!)
      tail.addNewer(log.slice(Math.max(0, at - 200), at).reverse())
      expect(tail.view.count).toBeLessThanOrEqual(cap)
    }
    expect(tail.view.cut).toBe(true)
    tail.leaveHistory()
    const [fresh] = events(1) as [EventRow]
    tail.add([fresh])
    expect(ids(tail, 2)).toEqual([fresh.id, log[0]?.id])
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
