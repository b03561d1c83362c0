// The sandbox's control API.
import { until } from './wait.mjs'

export function sandboxAt(url) {
  async function call(method, path, body) {
    const response = await fetch(`${url}/sandbox/api/${path}`, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const answer = await response.json()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`)
    return answer
  }

  const messages = (robot) => call('GET', `messages?robot=${robot}`)
  const codes = async () => (await messages('ops')).flatMap((message) => /(?<!\d)\d{6}(?!\d)/.exec(message.body.content ?? '')?.[0] ?? [])

  return {
    url,
    page: `${url}/sandbox/`,
    call,
    messages,
    codes,
    /** Pushes an event and gives how that went. */
    push: (eventType, data = {}) => call('POST', 'events', { eventType, data }),
    /** Waits for a code beyond those said before, and gives it. */
    code: (before) =>
      until('a code in the chat', async () => {
        const all = await codes()
        return all.length > before.length && all.at(-1)
      }),
  }
}
