import { describe, expect, it } from 'vitest'
import { indent, rawValue } from './payload'

describe('a payload', () => {
  it('is shown as it came: numbers beyond counting, escapes and all', () => {
    const answer = '{"data" : {"other":[1,{"payload":2}],"node":{ "id":"a\\"}","payload": {"taskId":9007199254740993123,"x":1.50,"note":"\\u4f60<b>"} }}}'
    const raw = rawValue(answer, ['data', 'node', 'payload'])
    expect(raw).toBe('{"taskId":9007199254740993123,"x":1.50,"note":"\\u4f60<b>"}')
    expect(indent(raw!)).toEqual(['{', '  "taskId": 9007199254740993123,', '  "x": 1.50,', '  "note": "\\u4f60<b>"', '}'])
  })

  it('may be any JSON value', () => {
    for (const value of ['null', 'true', '-1e9', '"a,b}"', '[]', '{}', '[[],{}]', '""']) {
      const raw = rawValue(`{"data":{"node":{"payload":${value},"id":1}}}`, ['data', 'node', 'payload'])
      expect(raw).toBe(value)
      expect(indent(raw!).join('').replace(/\s/g, '')).toBe(value)
    }
    expect(rawValue('{"data":{"node":null}}', ['data', 'node', 'payload'])).toBeNull()
    expect(rawValue('{"data":{}}', ['data', 'node', 'payload'])).toBeNull()
  })

  it('indents like everybody else', () => {
    const value = { a: [1, 'x', { b: null }], c: {}, d: [], e: 'é "q" \\ \n' }
    expect(indent(JSON.stringify(value)).join('\n')).toBe(JSON.stringify(value, null, 2))
  })

  it('of a megabyte takes no long task, and no line is endless', () => {
    const big = JSON.stringify({ list: Array.from({ length: 12_000 }, (_, i) => ({ userId: `u${i}`, name: '张三'.repeat(12), n: i })), long: 'x'.repeat(200_000) })
    expect(big.length).toBeGreaterThan(900_000)
    const before = performance.now()
    const lines = indent(rawValue(`{"data":{"node":{"payload":${big}}}}`, ['data', 'node', 'payload'])!)
    expect(performance.now() - before).toBeLessThan(1_000) // a browser alone needs a tenth of that; test machines are busy
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(4_000)
    expect(lines.length).toBeGreaterThan(48_000)
  })
})
