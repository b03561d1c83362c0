import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { LanguageTag } from '../i18n/language'

type Moment = string | number | Date

const formats = new Map<string, Intl.DateTimeFormat>()

function format(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options)
  let found = formats.get(key)
  if (!found) formats.set(key, (found = new Intl.DateTimeFormat(language, { hourCycle: 'h23', ...options })))
  return found
}

// In English the month is a word, since 03/09 is a different day on either side of the ocean.
const days: Record<LanguageTag, Intl.DateTimeFormatOptions> = {
  'zh-CN': { year: 'numeric', month: '2-digit', day: '2-digit' },
  en: { year: 'numeric', month: 'short', day: 'numeric' },
}
const minute: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' }
const second: Intl.DateTimeFormatOptions = { ...minute, second: '2-digit' }

// Making a formatter costs a hundred times what using it does, and the live tail formats thousands a second.
const whole = new Map<string, Intl.NumberFormat>()
const tenths = new Map<string, Intl.NumberFormat>()

function numbers(language: string, digits: 0 | 1): Intl.NumberFormat {
  const kept = digits === 0 ? whole : tenths
  let found = kept.get(language)
  if (!found) kept.set(language, (found = new Intl.NumberFormat(language, { maximumFractionDigits: digits })))
  return found
}

/** Times, sizes and counts as people of a language write them, in the browser's time zone. */
export function formatter(language: LanguageTag) {
  const day = days[language]
  const valid = (at: Moment) => {
    const date = new Date(at)
    return Number.isNaN(date.getTime()) ? null : date
  }
  const date = (at: Moment, options: Intl.DateTimeFormatOptions) => {
    const moment = valid(at)
    return moment ? format(language, options).format(moment) : '–'
  }
  return {
    /** 2026/03/09 14:05 */
    dateTime: (at: Moment) => date(at, { ...day, ...minute }),
    /** With seconds, for logs. */
    exact: (at: Moment) => date(at, { ...day, ...second }),
    date: (at: Moment) => date(at, day),
    time: (at: Moment) => date(at, second),
    /** For the live tail: to the thousandth of a second within the last hours, with the day before that. */
    precise(at: Moment, now: number) {
      const moment = valid(at)
      if (!moment) return '–'
      if (now - moment.getTime() > 12 * 3_600_000) return date(at, { ...day, year: undefined, ...second })
      return `${format(language, second).format(moment)}.${String(moment.getMilliseconds()).padStart(3, '0')}`
    },
    /** An axis' label: the hour within a day, the day within a month. */
    bucket: (at: Moment, unit: 'HOUR' | 'DAY') =>
      unit === 'HOUR' ? date(at, minute) : date(at, { month: 'numeric', day: 'numeric' }),
    /** What a bucket covers, in full. */
    bucketTitle(at: Moment, unit: 'HOUR' | 'DAY') {
      if (unit === 'DAY') return date(at, { ...day, weekday: 'long' })
      const hour: Intl.DateTimeFormatOptions = { month: 'long', day: 'numeric', weekday: 'short', ...minute }
      const title = date(at, hour)
      // When clocks are put back an hour comes twice; then the zone tells which of the two it is.
      const twice = [-3_600_000, 3_600_000].some((off) => date(new Date(at).getTime() + off, hour) === title)
      return twice && valid(at) ? date(at, { ...hour, timeZoneName: 'short' }) : title
    },
    /** 3 分钟前, in 2 hours; the date when it is more than a week away. */
    relative(at: Moment, now: number) {
      const moment = valid(at)
      if (!moment) return '–'
      const seconds = Math.round((moment.getTime() - now) / 1000)
      const size = Math.abs(seconds)
      if (size >= 7 * 86_400) return format(language, day).format(moment)
      const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: language === 'en' ? 'short' : 'long' })
      if (size < 45) return words.format(0, 'second')
      if (size < 45 * 60) return words.format(Math.round(seconds / 60) || 1, 'minute')
      if (size < 22 * 3600) return words.format(Math.round(seconds / 3600), 'hour')
      return words.format(Math.round(seconds / 86_400), 'day')
    },
    number: (value: number) => numbers(language, 0).format(value),
    /** 1.2 KiB */
    bytes(size: number) {
      const units = ['B', 'KiB', 'MiB', 'GiB']
      let unit = 0
      while (size >= 1024 && unit < units.length - 1) {
        size /= 1024
        unit++
      }
      return `${numbers(language, unit === 0 ? 0 : 1).format(size)} ${units[unit]}`
    },
    /** Names one after the other. */
    list: (items: readonly string[]) => items.join(language === 'en' ? ', ' : '、'),
  }
}

/** m:ss, for countdowns; never below zero. */
export function countdown(milliseconds: number): string {
  // Rounded, for the server's clock is known to half a second; and not to zero before the end.
  const seconds = Math.max(milliseconds > 0 ? 1 : 0, Math.round(milliseconds / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** The formatter of the language in use. */
export function useFormat() {
  const { locale } = useI18n()
  return computed(() => formatter(locale.value as LanguageTag))
}
