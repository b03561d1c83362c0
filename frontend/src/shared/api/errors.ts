import type { GraphQLFormattedError } from 'graphql'

/** What went wrong, as the server says it (contract: `errors[].extensions`) or as the app met it. */
export class ApiError extends Error {
  readonly code: string
  readonly reason: string
  readonly fields: Readonly<Record<string, string>>
  /** Seconds. */
  readonly retryAfter: number
  readonly factors: readonly string[]
  readonly requestId: string
  /** When it happened, by the browser's monotonic clock. */
  readonly at = performance.now()

  constructor(message: string, extensions: Record<string, unknown> = {}) {
    super(message)
    this.name = 'ApiError'
    this.code = text(extensions.code)
    this.reason = text(extensions.reason)
    this.requestId = text(extensions.requestId)
    this.retryAfter = typeof extensions.retryAfter === 'number' ? extensions.retryAfter : 0
    this.factors = Array.isArray(extensions.factors) ? extensions.factors.map(String) : []
    this.fields = isRecord(extensions.fields)
      ? Object.fromEntries(Object.entries(extensions.fields).map(([field, note]) => [field, String(note)]))
      : {}
  }
}

/** Reasons of the app's own, for what never became an answer. Their texts are in the app's language. */
export const Local = {
  unreachable: 'network.unreachable',
  timeout: 'network.timeout',
  badAnswer: 'network.bad_answer',
  unexpected: 'app.unexpected',
} as const

/** The reasons that the app treats specially; every other error only shows the server's sentence. */
export const Reason = {
  factorRequired: 'login.factor_required',
  otpInvalid: 'otp.invalid',
  otpExpired: 'otp.expired',
  otpTooManyTries: 'otp.too_many_tries',
  otpCooldown: 'otp.cooldown',
  sessionMissing: 'session.missing',
  sessionExpired: 'session.expired',
  sessionReused: 'session.reused',
  idempotencyConflict: 'broadcast.idempotency_conflict',
  cursorInvalid: 'page.cursor_invalid',
} as const

/** Seconds that are left of what the server asked to wait. */
export const waitLeft = (error: ApiError): number => Math.max(0, Math.ceil(error.retryAfter - (performance.now() - error.at) / 1000))

const away: ReadonlySet<string> = new Set([Local.unreachable, Local.timeout, Local.badAnswer])
const signedOut: ReadonlySet<string> = new Set([Reason.sessionMissing, Reason.sessionExpired, Reason.sessionReused])

/** Whether the session is over, so that only signing in again helps. */
export const isSignedOut = (error: unknown): boolean => error instanceof ApiError && signedOut.has(error.reason)

/** Whether the server did not answer, or something else answered for it. */
export const isUnreachable = (error: unknown): boolean => error instanceof ApiError && away.has(error.reason)

export const isForbidden = (error: unknown): boolean => error instanceof ApiError && error.code === 'FORBIDDEN'

/** Whether the same call may succeed a little later. */
export const isPassing = (error: unknown): boolean =>
  isUnreachable(error) || (error instanceof ApiError && (error.code === 'RATE_LIMITED' || error.code === 'UNAVAILABLE'))

/** The first of the errors in an answer. */
export function fromGraphQL(errors: readonly Pick<GraphQLFormattedError, 'message' | 'extensions'>[]): ApiError {
  const first = errors[0]
  return new ApiError(first?.message ?? '', (first?.extensions as Record<string, unknown>) ?? {})
}

/** Whatever was thrown or returned, as an ApiError. */
export function toApiError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause
  if (isRecord(cause)) {
    // A CombinedError of urql.
    if (Array.isArray(cause.graphQLErrors) && cause.graphQLErrors.length > 0) return fromGraphQL(cause.graphQLErrors)
    if (cause.networkError instanceof ApiError) return cause.networkError
    if (cause.networkError) return new ApiError('', { code: 'UNAVAILABLE', reason: Local.unreachable })
  }
  if (Array.isArray(cause) && cause.length > 0) return fromGraphQL(cause)
  return new ApiError(cause instanceof Error ? cause.message : String(cause), { code: 'INTERNAL', reason: Local.unexpected })
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
