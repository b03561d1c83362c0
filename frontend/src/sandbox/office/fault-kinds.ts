import type { Fault } from '../types'

export const kinds = ['throttle', 'html', 'slow', 'reset', 'errcode', 'duplicate', 'lostAck'] as const
export type Kind = (typeof kinds)[number]

/** Stands for the pusher of events among the paths. */
export const eventsPath = '/sandbox/api/events'
export const robotPath = '/robot/send'

/** Paths that the sandbox answers and that are worth spoiling. */
export const paths = [
  robotPath,
  '/robot/sendBySession',
  '/gettoken',
  '/v1.0/oauth2/accessToken',
  '/v1.0/robot/oToMessages/batchSend',
  '/v1.0/robot/groupMessages/send',
  '/call_back/get_call_back_failed_result',
  eventsPath,
  '/sns/jscode2session',
  '/cgi-bin/token',
  '/cgi-bin/stable_token',
  '/wxa/business/getuserphonenumber',
]

/** The kinds that a path takes, as the sandbox has it. */
export function kindsOf(path: string): readonly Kind[] {
  if (path === eventsPath) return ['duplicate', 'lostAck', 'reset']
  return path === robotPath ? kinds : kinds.filter((kind) => kind !== 'duplicate')
}

export interface FaultForm {
  path: string
  kind: Kind
  errcode: string
  seconds: string
  times: string
}

const whole = (text: string, negative = false): number | null => (new RegExp(negative ? '^-?\\d{1,9}$' : '^\\d{1,9}$').test(text.trim()) ? Number(text) : null)

/** What is to be corrected, by field; the texts' keys. */
export function problemsOf(form: FaultForm): Partial<Record<keyof FaultForm, string>> {
  const problems: Partial<Record<keyof FaultForm, string>> = {}
  if (!form.path.trim().startsWith('/')) problems.path = 'sandbox.refused.faultPath'
  else if (!kindsOf(form.path.trim()).includes(form.kind)) problems.kind = 'sandbox.refused.faultKind'
  if (whole(form.times) === null) problems.times = 'sandbox.faults.badTimes'
  if (form.kind === 'errcode' && whole(form.errcode, true) === null) problems.errcode = 'sandbox.faults.badErrcode'
  const seconds = whole(form.seconds) ?? 0 // 0 stands for the sandbox's own 30 s
  if (form.kind === 'slow' && (seconds < 1 || seconds > 600)) problems.seconds = 'sandbox.faults.badSeconds'
  return problems
}

/** The fault that a form without problems describes. */
export function faultOf(form: FaultForm): Fault {
  const fault: Fault = { path: form.path.trim(), kind: form.kind, times: Number(form.times) }
  if (form.kind === 'errcode') fault.errcode = Number(form.errcode)
  if (form.kind === 'slow') fault.delayMs = Number(form.seconds) * 1000
  return fault
}
