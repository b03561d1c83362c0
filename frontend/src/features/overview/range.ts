import type { Bucket } from '@/shared/gql/graphql'

export const ranges = ['day', 'week', 'month'] as const
export type Range = (typeof ranges)[number]

export interface Span {
  from: string
  to: string
  bucket: Bucket
}

const hour = 3_600_000

/** What a range covers up to now: whole hours of a day or a week, whole local days of a month. */
export function spanOf(range: Range, now: number): Span {
  const to = new Date(now)
  const from = new Date(now)
  if (range === 'month') {
    from.setHours(0, 0, 0, 0)
    from.setDate(from.getDate() - 29)
    return { from: from.toISOString(), to: to.toISOString(), bucket: 'DAY' }
  }
  from.setTime(Math.floor(now / hour) * hour - ((range === 'week' ? 7 * 24 : 24) - 1) * hour)
  return { from: from.toISOString(), to: to.toISOString(), bucket: 'HOUR' }
}
