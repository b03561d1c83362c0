import { describe, expect, it } from 'vitest'
import { checkObject } from './json'

describe('JSON that a person typed', () => {
  it('holds when the browser thinks so, too', () => {
    for (const text of ['{}', ' {"a": [1, -2.5e+3, "x\\u00e9\\n", true, null, {"b": []}]} ', '{"id": 9007199254740993123}', '{"名": "👩‍👩‍👧‍👦 مرحبا"}']) {
      expect(checkObject(text), text).toBeNull()
      expect(() => JSON.parse(text)).not.toThrow()
    }
  })

  it('is told where its first mistake is', () => {
    const cases: [string, string, number, number][] = [
      ['', 'empty', 1, 1],
      [' \n ', 'empty', 1, 1],
      ['[1]', 'notObject', 1, 1],
      ['"x"', 'notObject', 1, 1],
      ['{', 'open', 1, 2],
      ['{"a"', 'open', 1, 5],
      ['{"a": 1', 'open', 1, 8],
      ['{"a":', 'open', 1, 6],
      ['{"a" 1}', 'colon', 1, 6],
      ['{a: 1}', 'key', 1, 2],
      ["{'a': 1}", 'key', 1, 2],
      ['{"a": 1,}', 'key', 1, 9],
      ['{\n  "a": 1\n  "b": 2\n}', 'comma', 3, 3],
      ['{"a": [1 2]}', 'comma', 1, 10],
      ['{"a": "x}', 'string', 1, 7],
      ['{"a": "x\ny"}', 'string', 1, 7],
      ['{"a": "\\x"}', 'escape', 1, 8],
      ['{"a": 01}', 'number', 1, 7],
      ['{"a": 1.}', 'number', 1, 7],
      ['{"a": +1}', 'number', 1, 7],
      ['{"a": True}', 'value', 1, 7],
      ['{"a": undefined}', 'value', 1, 7],
      ['{"a": [1,]}', 'value', 1, 10],
      ['{} {}', 'after', 1, 4],
      ['{"😀": x}', 'value', 1, 7],
    ]
    for (const [text, mistake, line, column] of cases) {
      expect(checkObject(text), text).toEqual({ mistake, line, column })
      if (mistake !== 'notObject') expect(() => JSON.parse(text), text).toThrow()
    }
  })

  it('may be hostile', () => {
    expect(checkObject('{"a":'.repeat(50_000))?.mistake).toBe('deep')
    expect(checkObject(`{"a": ${'['.repeat(50_000)}`)?.mistake).toBe('deep')
    expect(checkObject(`{"a": "${'x'.repeat(500_000)}`)?.mistake).toBe('string')
    expect(checkObject(`{"a": ${'9'.repeat(5_000)}}`)?.mistake).toBeUndefined()
  })
})
