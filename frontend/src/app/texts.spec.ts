import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'vue/compiler-sfc'
import { describe, expect, it } from 'vitest'
import type { Texts } from '@/shared/i18n/language'
import sandboxEn from '@/sandbox/locales/en'
import sandboxZh from '@/sandbox/locales/zh-CN'
import en from './locales/en'
import zh from './locales/zh-CN'

// Every sentence goes through i18n: no key may be missing or unused, and no template may hold words.

const source = join(__dirname, '..')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(vue|ts)$/.test(path) && !/\.spec\.ts$|\.d\.ts$|shared\/gql\//.test(path))
  .map((path) => ({ path, text: readFileSync(join(source, path), 'utf8') }))

function flatten(texts: Texts, prefix = ''): Map<string, string> {
  const all = new Map<string, string>()
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') all.set(prefix + key, value)
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) all.set(inner, text)
  }
  return all
}

// The sandbox's page has texts of its own beside the shared ones.
const chinese = flatten({ ...zh, ...sandboxZh })
const english = flatten({ ...en, ...sandboxEn })

/** Keys named in the code: whole ones, and the beginnings of those that end in a variable. */
function named() {
  const keys = new Set<string>()
  const beginnings = new Set<string>()
  for (const { text } of files) {
    for (const [, key] of text.matchAll(/['"`]((?:shared|app|[a-z]\w*)(?:\.\w+)+)['"`]/g)) if (chinese.has(key!) || /\bt\(/.test(text)) keys.add(key!)
    for (const [, beginning] of text.matchAll(/`((?:\w+\.)+)\$\{/g)) beginnings.add(beginning!)
  }
  return { keys, beginnings }
}

describe('texts', () => {
  it('exist in both languages', () => {
    expect([...english.keys()].filter((key) => !chinese.has(key))).toEqual([])
    expect([...chinese.keys()].filter((key) => !english.has(key))).toEqual([])
    for (const [key, text] of [...chinese, ...english]) expect(text.trim(), key).not.toBe('')
  })

  it('take the same values in both languages', () => {
    // Once each: forms for one and for many name the same values again.
    const values = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]))].sort()
    for (const [key, text] of chinese) expect(values(english.get(key) ?? ''), key).toEqual(values(text))
  })

  it('are all used', () => {
    const { keys, beginnings } = named()
    const unused = [...chinese.keys()].filter((key) => !keys.has(key) && ![...beginnings].some((beginning) => key.startsWith(beginning)))
    expect(unused).toEqual([])
  })

  it('are there for every key the code asks for', () => {
    const missing: string[] = []
    for (const { path, text } of files) {
      for (const [, key] of text.matchAll(/\bt\(\s*['"]([\w.]+)['"]/g)) if (!chinese.has(key!)) missing.push(`${path}: ${key}`)
      for (const [, beginning] of text.matchAll(/\bt\(\s*`((?:\w+\.)+)\$\{/g)) {
        if (![...chinese.keys()].some((key) => key.startsWith(beginning!))) missing.push(`${path}: ${beginning}`)
      }
    }
    expect(missing).toEqual([])
  })

  it('do not stand in templates', () => {
    const found: string[] = []
    for (const { path, text } of files.filter((file) => file.path.endsWith('.vue'))) {
      const ast = parse(text).descriptor.template?.ast
      if (ast) walk(ast, (words) => found.push(`${path}: ${words}`))
    }
    expect(found).toEqual([])
  })
})

interface Node {
  type: number
  content?: unknown
  children?: unknown[]
  branches?: unknown[]
  props?: { type: number; name: string; value?: { content: string } }[]
}

const spoken = new Set(['title', 'label', 'placeholder', 'alt', 'aria-label', 'hint', 'action'])
const words = /[\p{L}]{2,}/u

function walk(node: Node, found: (words: string) => void): void {
  if (node.type === 2 && typeof node.content === 'string' && words.test(node.content)) found(node.content.trim())
  for (const prop of node.props ?? []) {
    if (prop.type === 6 && spoken.has(prop.name) && words.test(prop.value?.content ?? '')) found(`${prop.name}="${prop.value?.content}"`)
  }
  for (const child of [...(node.children ?? []), ...(node.branches ?? [])]) if (child && typeof child === 'object') walk(child as Node, found)
}
