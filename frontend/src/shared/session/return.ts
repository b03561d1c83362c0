/** A place of the app to go back to, or null: an address that came from outside might lead anywhere. */
export function safeReturn(to: unknown): string | null {
  return typeof to === 'string' && /^\/(?![/\\])/.test(to) ? to : null
}
