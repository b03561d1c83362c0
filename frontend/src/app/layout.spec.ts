import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

// Who may import whom: features and the sandbox's page take from shared, never from each other; shared takes
// from nobody. Only the specs here look at everything.

const source = join(__dirname, '..')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(vue|ts)$/.test(path) && !/shared\/gql\//.test(path))
const imports = (path: string) =>
  [...readFileSync(join(source, path), 'utf8').matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map(([, name]) =>
    name!.startsWith('.') ? join(path, '..', name!) : name!.replace(/^@\//, ''),
  )

describe('the layout', () => {
  it('keeps features apart and shared below them', () => {
    const wrong: string[] = []
    for (const path of files) {
      const feature = /^features\/([^/]+)\//.exec(path)?.[1]
      for (const name of imports(path)) {
        const other = /^features\/([^/]+)/.exec(name)?.[1]
        const above = /^(features|app|sandbox)\//.test(name)
        const allowed = feature ? !above || other === feature : path.startsWith('app/') ? !name.startsWith('sandbox/') : path.startsWith('sandbox/') ? !above || name.startsWith('sandbox/') : !above
        if (!allowed && !path.startsWith('app/texts.spec')) wrong.push(`${path} → ${name}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('keeps files short enough to read', () => {
    const long = files.filter((path) => readFileSync(join(source, path), 'utf8').split('\n').length > 300 && !path.endsWith('.spec.ts'))
    expect(long).toEqual([])
  })

  it('never draws HTML from strings, nor reaches for other hosts', () => {
    const wrong = files.filter((path) => !path.endsWith('.spec.ts') && /v-html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|new Function|\beval\(/.test(readFileSync(join(source, path), 'utf8')))
    expect(wrong).toEqual([])
  })
})
