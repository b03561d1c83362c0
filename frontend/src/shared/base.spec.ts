import { describe, expect, it } from 'vitest'
import { resolveRoot } from './base'

function page(address: string, relative: string | null): Document {
  const meta = relative === null ? null : { content: relative }
  return { baseURI: address, querySelector: () => meta } as unknown as Document
}

describe('the root of the app', () => {
  it('is found from any page, under any prefix', () => {
    expect(resolveRoot(page('https://h/', './')).href).toBe('https://h/')
    expect(resolveRoot(page('https://h/accounts/42', '../')).href).toBe('https://h/')
    expect(resolveRoot(page('https://h/posthouse/accounts/42?q=1', '../')).href).toBe('https://h/posthouse/')
    expect(resolveRoot(page('https://h/a/b/robots', './')).pathname).toBe('/a/b/')
  })

  it('is the page’s own folder when the page does not say', () => {
    expect(resolveRoot(page('https://h/x/index.html', null)).pathname).toBe('/x/')
  })
})
