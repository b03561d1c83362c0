// The sandbox says in English, for programs, what it does not take. People are told in their language.

const byCode: Readonly<Record<string, string>> = {
  forbidden: 'sandbox.refused.forbidden',
  too_large: 'sandbox.refused.tooLarge',
  conflict: 'sandbox.refused.conflict',
}

// By how the message of an `invalid` begins; a fault's message names the fault first.
const byBeginning: readonly [RegExp, string][] = [
  [/^(callback: )?url:/, 'sandbox.refused.url'],
  [/^(callback: )?token:/, 'sandbox.refused.token'],
  [/^(callback: )?aesKey:/, 'sandbox.refused.aesKey'],
  [/^eventType /, 'sandbox.refused.eventType'],
  [/^data: /, 'sandbox.refused.data'],
  [/^advanceSeconds /, 'sandbox.refused.clock'],
  [/^fault \d+: path .*begin with/, 'sandbox.refused.faultPath'],
  [/^fault \d+: (path|kind) /, 'sandbox.refused.faultKind'],
  [/^at most \d+ faults/, 'sandbox.refused.faults'],
  [/^phone/, 'sandbox.refused.phone'],
]

/** The key of the sentence that tells a person what was refused and what to do. */
export function refusalKey(code: string, message: string): string {
  const known = byCode[code]
  if (known) return known
  return (code === 'invalid' && byBeginning.find(([beginning]) => beginning.test(message))?.[1]) || 'sandbox.refused.other'
}

const pushFailures: readonly [RegExp, string][] = [
  [/^the answer has HTTP status/, 'sandbox.push.why.status'],
  [/^no answer within/, 'sandbox.push.why.slow'],
  [/^the address does not answer/, 'sandbox.push.why.silent'],
  [/^the answer's signature|^the answer does not decrypt/, 'sandbox.push.why.key'],
  [/^the answer is encrypted under another owner/, 'sandbox.push.why.owner'],
  [/^the answer does not say success/, 'sandbox.push.why.word'],
  [/^the answer (is|has no)|^the answer's/, 'sandbox.push.why.shape'],
  [/\(fault\)$/, 'sandbox.push.why.fault'],
]

/** The key of what to do about a push that was not taken; null when the reason has to speak for itself. */
export const pushFailureKey = (reason: string): string | null => pushFailures.find(([beginning]) => beginning.test(reason))?.[1] ?? null
