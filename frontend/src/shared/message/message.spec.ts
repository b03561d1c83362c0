import { describe, expect, it } from 'vitest'
import { bodySize, holdsKeyword, kindOf, nobody, platformPhone, summary, withMentions } from './message'

describe('messages', () => {
  it('are summed up as the list of conversations does', () => {
    expect(summary({ text: { content: ' a\n b ' } })).toBe('a b')
    expect(summary({ markdown: { title: '标题', text: '正文' } })).toBe('标题')
    expect(summary({ feedCard: { links: [] } })).toBe('')
    expect(kindOf({ text: null, link: { title: '', text: '', messageUrl: '' } })).toBe('link')
  })

  it('weigh bytes, not characters', () => {
    const one = bodySize({ text: { content: 'a' } }, nobody)
    expect(bodySize({ text: { content: '好' } }, nobody)).toBe(one + 2)
    expect(bodySize({ text: { content: '"' } }, nobody)).toBe(one + 1)
  })

  it('get the mentions that their text lacks, as the server adds them', () => {
    const mentions = { phones: ['+8613800000001'], userIds: ['lisi'], all: false }
    expect(withMentions('hi @lisi', 'text', mentions)).toBe('hi @lisi\n@13800000001')
    expect(withMentions('', 'markdown', mentions)).toBe('@13800000001 @lisi')
    expect(withMentions('x', 'actionCard', mentions)).toBe('x\n\n@lisi')
    expect(withMentions('x', 'link', mentions)).toBe('x')
    expect(withMentions('@lisi2', 'text', { phones: [], userIds: ['lisi'], all: false })).toBe('@lisi2\n@lisi')
  })

  it('know phones as DingTalk does', () => {
    expect(['+86 138 0000 0001', '008613800000001', '13800000001', '+85261234567'].map(platformPhone)).toEqual([
      '13800000001',
      '13800000001',
      '13800000001',
      '+85261234567',
    ])
  })

  it('hold a keyword wherever it stands', () => {
    expect(holdsKeyword({ markdown: { title: 'Posthouse 周报', text: 'x' } }, ['对账', 'posthouse'])).toBe(true)
    expect(holdsKeyword({ actionCard: { title: 'a', text: 'b', horizontal: false, single: { title: '报销', url: '' } } }, ['报销'])).toBe(true)
    expect(holdsKeyword({ text: { content: 'x' } }, ['content'])).toBe(false)
    expect(holdsKeyword({ text: { content: 'x' } }, [])).toBe(true)
  })
})
