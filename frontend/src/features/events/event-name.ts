/** A name for the platform's word, where we have one. */
export function eventName(type: string, t: (key: string) => string, known: (key: string) => boolean): string {
  const key = `events.types.${type}`
  return /^\w+$/.test(type) && known(key) ? t(key) : type
}
