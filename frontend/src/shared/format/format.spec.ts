import { describe, expect, it } from 'vitest'
import { countdown, formatter } from './format'

// The tests run in whatever zone the machine has; local moments are made, not parsed.
const at = new Date(2026, 2, 9, 14, 5, 7, 42)
const zh = formatter('zh-CN')
const en = formatter('en')

describe('times', () => {
  it('are written as each language does', () => {
    expect(zh.dateTime(at)).toBe('2026/03/09 14:05')
    expect(zh.exact(at)).toBe('2026/03/09 14:05:07')
    expect(zh.precise(at)).toBe('14:05:07.042')
    expect(en.exact(at)).toContain('14:05:07')
  })

  it('show midnight as 00, never as 24', () => {
    expect(zh.time(new Date(2026, 2, 9, 0, 0, 1))).toBe('00:00:01')
    expect(en.time(new Date(2026, 2, 9, 0, 0, 1))).toBe('00:00:01')
  })

  it('label buckets by the hour within a day and by the day within a month', () => {
    expect(zh.bucket(at, 'HOUR')).toBe('14:05')
    expect(zh.bucket(at, 'DAY')).toBe('3/9')
    expect(zh.bucketTitle(at, 'DAY')).toContain('星期一')
  })

  it('are relative for a week, then dates', () => {
    const now = at.getTime()
    expect(zh.relative(now - 5_000, now)).toBe('现在')
    expect(zh.relative(now - 3 * 60_000, now)).toMatch(/3\s?分钟前/)
    expect(en.relative(now + 2 * 3_600_000, now)).toContain('2')
    expect(zh.relative(now - 26 * 3_600_000, now)).toBe('昨天')
    expect(zh.relative(now - 30 * 86_400_000, now)).toMatch(/^2026\/02\/0\d$/)
  })

  it('do not throw at nonsense', () => {
    expect([zh.dateTime('x'), zh.precise('x'), zh.relative('x', 0), zh.bucket('', 'DAY')]).toEqual(['–', '–', '–', '–'])
  })
})

describe('sizes, counts and countdowns', () => {
  it('are short', () => {
    expect(zh.bytes(0)).toBe('0 B')
    expect(zh.bytes(1023)).toBe('1,023 B')
    expect(zh.bytes(1024)).toBe('1 KiB')
    expect(zh.bytes(1_300_000)).toBe('1.2 MiB')
    expect(zh.number(1_234_567)).toBe('1,234,567')
    expect(zh.list(['甲', '乙'])).toBe('甲、乙')
    expect(en.list(['a', 'b'])).toBe('a, b')
  })

  it('count down to zero and not below', () => {
    expect([61_000, 59_400, 1, 0, -5_000].map(countdown)).toEqual(['1:01', '1:00', '0:01', '0:00', '0:00'])
  })
})
