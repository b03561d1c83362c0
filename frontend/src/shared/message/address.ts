/**
 * The address that a link in a message leads to, or null when it is not one of the web: only http and https
 * may be followed. DingTalk's own wrapper around a web address (dingtalk://…?url=…) is taken off first.
 */
export function webAddress(text: string): string | null {
  try {
    let url = new URL(text.trim())
    const wrapped = url.protocol === 'dingtalk:' ? url.searchParams.get('url') : null
    if (wrapped) url = new URL(wrapped)
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null
  } catch {
    return null
  }
}
