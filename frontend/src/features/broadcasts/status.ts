import type { AttemptOutcome, BroadcastStatus, DeliveryStatus } from '@/shared/gql/graphql'
import type { Tone } from '@/shared/ui/StatusTag.vue'

export const broadcastTones: Record<BroadcastStatus, Tone> = { SCHEDULED: 'idle', PENDING: 'busy', SENT: 'ok', PARTIAL: 'warn', FAILED: 'bad' }

export const deliveryTones: Record<DeliveryStatus, Tone> = { QUEUED: 'idle', SENDING: 'busy', SENT: 'ok', FAILED: 'bad', EXPIRED: 'bad' }

export const outcomeTones: Record<AttemptOutcome, Tone> = {
  PENDING: 'busy',
  ACCEPTED: 'ok',
  THROTTLED: 'warn',
  RETRYABLE: 'warn',
  REFUSED: 'bad',
  UNKNOWN: 'warn',
}
