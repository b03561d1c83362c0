import { describe, expect, it } from 'vitest'
import { parseInline, parseMarkdown, parseText, type Inline } from './markdown'

const plain = (parts: readonly Inline[]): string => parts.map((part) => ('children' in part ? plain(part.children) : part.text)).join('')

describe('DingTalk’s markdown', () => {
  it('knows headings, quotes, lists and lines', () => {
    const blocks = parseMarkdown('# 一\n###### 六\n> 引\n> 用\n- a\n- b\n1. c\n2. d\n行一\n行二\n\n段')
    expect(blocks.map((block) => block.kind)).toEqual(['heading', 'heading', 'quote', 'list', 'list', 'lines', 'lines'])
    expect(blocks[1]).toMatchObject({ level: 6 })
    expect(blocks[3]).toMatchObject({ ordered: false, items: [[{ text: 'a' }], [{ text: 'b' }]] })
    expect(blocks[4]).toMatchObject({ ordered: true, start: 1 })
    expect(blocks[5]).toMatchObject({ lines: [[{ text: '行一' }], [{ text: '行二' }]] })
  })

  it('knows bold, italics, links and pictures', () => {
    expect(parseInline('a **b _c_** [d](https://x/?q=1) ![e](https://y/z.png)')).toEqual([
      { kind: 'text', text: 'a ' },
      { kind: 'strong', children: [{ kind: 'text', text: 'b ' }, { kind: 'emphasis', children: [{ kind: 'text', text: 'c' }] }] },
      { kind: 'text', text: ' ' },
      { kind: 'link', url: 'https://x/?q=1', children: [{ kind: 'text', text: 'd' }] },
      { kind: 'text', text: ' ' },
      { kind: 'picture', url: 'https://y/z.png', text: 'e' },
    ])
  })

  it('leaves underscores within words, lone stars and everything else as it is', () => {
    for (const text of ['user_add_org', '3 * 4 * 5', '**', '* *', '[a]', '![](', '#no heading', '| a | b |', '```', '<b>x</b>', '&lt;']) {
      expect(plain(parseInline(text))).toBe(text)
    }
    expect(parseMarkdown('#no heading')[0]).toMatchObject({ kind: 'lines' })
  })

  it('marks whole names only as mentions', () => {
    expect(parseInline('@13800000001 @1380000', ['13800000001', '1380000'])).toEqual([
      { kind: 'mention', text: '@13800000001' },
      { kind: 'text', text: ' ' },
      { kind: 'mention', text: '@1380000' },
    ])
    expect(parseText('a@b @lisi2 @lisi', ['lisi'])).toEqual([[{ kind: 'text', text: 'a@b @lisi2 ' }, { kind: 'mention', text: '@lisi' }]])
  })

  it('loses nothing of a text', () => {
    for (const text of ['@', '@@', 'a@', '@a@b', '', '一\n\n二\r\n三']) {
      expect(parseText(text, ['a']).map(plain).join('\n')).toBe(text.replace(/\r\n/g, '\n'))
    }
  })

  it('is quick with hostile input', () => {
    const hostile = [
      '* '.repeat(9_000) + '*',
      '[a]'.repeat(6_000) + '(',
      ' '.repeat(19_000) + '#',
      '# ' + ' #'.repeat(9_000),
      ' ** '.repeat(5_000),
'*'.repeat(20_000), '['.repeat(20_000), '_a'.repeat(10_000), '![x]('.repeat(4_000), '**a'.repeat(6_000), '> '.repeat(9_000), '@'.repeat(20_000), '#'.repeat(20_000),
    ]
    const before = performance.now()
    for (const text of hostile) {
      parseMarkdown(text, ['a'])
      parseText(text, ['a'])
    }
    expect(performance.now() - before).toBeLessThan(1_000)
  })
})
