import type { ActivityQuery, ActivityQueryVariables, Bucket, CountsFragment } from '@/shared/gql/graphql'

export const ranges = ['day', 'week', 'month'] as const
export type Range = (typeof ranges)[number]
export type Counts = CountsFragment

/** One question to the server. */
export interface Part {
  from: string
  to: string
  bucket: Bucket
}

/** What a range covers, and the one to three questions that it takes. */
export interface Span {
  bucket: Bucket
  parts: Part[]
}

const hour = 3_600_000

/**
 * What a range covers until the present hour or day is over: whole hours of a day or a week, whole local
 * days of a month. The same through all of the hour or the day.
 */
export function spanOf(range: Range, now: number): Span {
  if (range === 'month') return { bucket: 'DAY', parts: dayParts(midnights(now, 30)) }
  const to = (Math.floor(now / hour) + 1) * hour
  return { bucket: 'HOUR', parts: [part(to - (range === 'week' ? 7 * 24 : 24) * hour, to, 'HOUR')] }
}

/** The local midnights around the days up to the present one: one more than there are days. */
function midnights(now: number, days: number): number[] {
  return Array.from({ length: days + 1 }, (_, n) => {
    const day = new Date(now)
    day.setHours(0, 0, 0, 0)
    day.setDate(day.getDate() + n + 1 - days)
    return day.getTime()
  })
}

// The server's days have 24 hours. The day on which clocks are changed has not: it is asked for by the hour,
// so that the days after it begin at midnight again.
function dayParts(edges: readonly number[]): Part[] {
  const parts: Part[] = []
  for (let n = 1; n < edges.length; n++) {
    const [from, to] = [edges[n - 1]!, edges[n]!]
    const bucket: Bucket = to - from === 24 * hour ? 'DAY' : 'HOUR'
    const last = parts.at(-1)
    if (last?.bucket === 'DAY' && bucket === 'DAY') last.to = new Date(to).toISOString()
    else parts.push(part(from, to, bucket))
  }
  return parts
}

const part = (from: number, to: number, bucket: Bucket): Part => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), bucket })

/** The questions as the document takes them. No zone changes its clocks twice within a month. */
export function variablesOf({ parts }: Span): ActivityQueryVariables {
  const [first, second, third] = parts as [Part, Part?, Part?]
  const two = second ?? first
  const three = third ?? first
  return {
    ...first,
    from2: two.from,
    to2: two.to,
    bucket2: two.bucket,
    has2: second !== undefined,
    from3: three.from,
    to3: three.to,
    bucket3: three.bucket,
    has3: third !== undefined,
  }
}

/** The answers one after the other; the hours of the day on which clocks were changed are put together. */
export function countsOf({ bucket, parts }: Span, answer: ActivityQuery): Counts[] {
  const answers = [answer.first, answer.second ?? [], answer.third ?? []]
  return answers.flatMap((counts, n) => (bucket === 'DAY' && parts[n]?.bucket === 'HOUR' ? [sum(counts)] : counts))
}

function sum(counts: readonly Counts[]): Counts {
  const [first, ...rest] = counts as [Counts, ...Counts[]]
  return rest.reduce(
    (all, one) => ({
      at: all.at,
      events: all.events + one.events,
      deliveriesSent: all.deliveriesSent + one.deliveriesSent,
      deliveriesFailed: all.deliveriesFailed + one.deliveriesFailed,
      signIns: all.signIns + one.signIns,
    }),
    first,
  )
}
