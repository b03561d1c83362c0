// Where the app is mounted. The server writes the way back to the app's root, relative to the page, into
// a meta element (frontend/doc.go), so one build works at "/", under a prefix and behind a proxy.

export function resolveRoot(doc: Document): URL {
  const relative = doc.querySelector<HTMLMetaElement>('meta[name="posthouse-root"]')?.content
  return new URL(relative || './', doc.baseURI)
}

export const root = resolveRoot(document)

/** The path below which the router works, such as "/" or "/posthouse/". */
export const basePath = root.pathname

/** The absolute address of something the server offers beside the app. */
export const address = (path: string): string => new URL(path, root).href

export function socketAddress(): string {
  const url = new URL('graphql', root)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}
