import type { ApiError } from '@/shared/api/errors'
import type { CreateRobotInput, UpdateRobotInput } from '@/shared/gql/graphql'

export interface RobotDraft {
  name: string
  /** Empty when editing: the webhook stays as it is. */
  webhook: string
  /** Empty when editing: the secret stays as it is. */
  secret: string
  removeSecret: boolean
  keywords: string[]
}

export type RobotField = 'name' | 'webhook' | 'secret' | 'keywords'

export interface Known {
  id: string
  name: string
  keywords: readonly string[]
}

export const maxKeywords = 10

export function draftOf(robot: Known | null): RobotDraft {
  return { name: robot?.name ?? '', webhook: '', secret: '', removeSecret: false, keywords: [...(robot?.keywords ?? [])] }
}

export function createInput(draft: RobotDraft): CreateRobotInput {
  return {
    name: draft.name.trim(),
    webhook: draft.webhook.trim(),
    secret: draft.secret.trim() || null,
    keywords: draft.keywords.length > 0 ? draft.keywords : null,
  }
}

/** Only what changed: secrets are never read back, so what was left empty stays. */
export function updateInput(robot: Known, draft: RobotDraft): UpdateRobotInput {
  const input: UpdateRobotInput = { robotId: robot.id }
  if (draft.name.trim() !== robot.name) input.name = draft.name.trim()
  if (draft.webhook.trim()) input.webhook = draft.webhook.trim()
  if (draft.removeSecret) input.removeSecret = true
  else if (draft.secret.trim()) input.secret = draft.secret.trim()
  if (draft.keywords.join('\n') !== robot.keywords.join('\n')) input.keywords = draft.keywords
  return input
}

const fieldOf: Record<string, RobotField> = {
  'robot.name_taken': 'name',
  'robot.name_invalid': 'name',
  'robot.sends_codes': 'name',
  'robot.webhook_taken': 'webhook',
  'robot.webhook_invalid': 'webhook',
  'robot.secret_invalid': 'secret',
  'robot.keyword_invalid': 'keywords',
}

/** The field that an error is about; null when it is about none. */
export const faultyField = (error: ApiError | null): RobotField | null => (error && fieldOf[error.reason]) || null
