// The API is two levels above the script, wherever all of it is mounted: the script is
// …/graphiql/assets/main.js and the API …/graphql. In development both are at the root.
const api = import.meta.env.DEV ? new URL('/graphql', location.href) : new URL(/* @vite-ignore */ '../../graphql', import.meta.url)

export const apiAddress = api.href

export const adminAddress = new URL('./', api).href

export function socketAddress(): string {
  const url = new URL(api)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}
