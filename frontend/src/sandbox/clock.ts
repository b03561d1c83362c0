export type Unit = 'seconds' | 'minutes' | 'hours' | 'days'

/** How far a clock was moved, in the largest unit that says it without much of a rest. */
export function aheadOf(seconds: number): { unit: Unit; count: number } {
  const whole = Math.round(seconds)
  for (const [unit, size] of [['days', 86_400], ['hours', 3_600], ['minutes', 60]] as const) {
    const count = Math.round((whole / size) * 10) / 10
    if (whole >= size && Math.abs(count * size - whole) < 1) return { unit, count }
  }
  if (whole >= 3_600) return { unit: 'minutes', count: Math.round(whole / 60) }
  return { unit: 'seconds', count: Math.max(0, whole) }
}
