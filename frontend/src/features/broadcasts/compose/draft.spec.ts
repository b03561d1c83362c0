import { describe, expect, it } from 'vitest'
import { check, draftFrom, inputOf, messageOf, newDraft, type Draft } from './draft'
import { keep, recall } from './keep'

const now = Date.parse('2026-03-09T08:00:00Z')

function draft(change: (draft: Draft) => void): Draft {
  const one = newDraft()
  one.robotIds = ['r1']
  one.kind = 'text'
  one.text.content = '你好'
  change(one)
  return one
}
const faults = (change: (draft: Draft) => void) => check(draft(change), now)

describe('a draft', () => {
  it('is complete with a robot and something to say', () => {
    expect(faults(() => {})).toEqual({})
  })

  it('names every fault under the server’s name for the field', () => {
    expect(faults((d) => ((d.robotIds = []), (d.text.content = ' \n ')))).toEqual({ robotIds: 'robots', 'message.text.content': 'required' })
    expect(faults((d) => (d.robotIds = Array.from({ length: 101 }, String)))).toEqual({ robotIds: 'tooManyRobots' })
    expect(faults((d) => (d.kind = 'markdown'))).toEqual({ 'message.markdown.title': 'required', 'message.markdown.text': 'required' })
    expect(faults((d) => ((d.kind = 'link'), (d.link = { title: 't', text: 'x', messageUrl: 'x.com', picUrl: '' })))).toEqual({ 'message.link.messageUrl': 'url' })
    expect(
      faults((d) => {
        d.kind = 'actionCard'
        Object.assign(d.actionCard, { title: 't', text: 'x', several: true, buttons: [{ title: 'a', url: 'https://x' }, { title: '', url: 'javascript:alert(1)' }] })
      }),
    ).toEqual({ 'message.actionCard.buttons.1.title': 'required', 'message.actionCard.buttons.1.url': 'url' })
    expect(faults((d) => ((d.kind = 'feedCard'), d.feedCard.links.splice(1)))).toEqual({
      'message.feedCard.links.0.title': 'required',
      'message.feedCard.links.0.messageUrl': 'required',
      'message.feedCard.links.0.picUrl': 'required',
    })
  })

  it('opens web pages and DingTalk’s own, nothing else', () => {
    const urlFault = (url: string) => faults((d) => ((d.kind = 'link'), (d.link = { title: 't', text: 'x', messageUrl: url, picUrl: '' })))['message.link.messageUrl']
    for (const good of ['https://x.com/a?b=1', 'http://10.0.0.1:8080', 'dingtalk://dingtalkclient/page/link?url=x', ' https://x.com ']) expect(urlFault(good)).toBeUndefined()
    for (const bad of ['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', 'https://', 'https://a b', '/a', 'x']) expect(urlFault(bad)).toBe('url')
  })

  it('mentions at most fifty people, by numbers that can be numbers', () => {
    expect(faults((d) => (d.mentions.userIds = Array.from({ length: 51 }, String)))).toEqual({ mentions: 'mentions' })
    expect(faults((d) => (d.mentions.phones = ['138 0000 0001', '+86-138', 'abc']))).toEqual({ 'mentions.phones': 'phone' })
    // Kinds that cannot mention do not carry them along.
    const feed = draft((d) => ((d.kind = 'feedCard'), (d.mentions.phones = ['abc'])))
    expect(check(feed, now)).not.toHaveProperty('mentions.phones')
    expect(inputOf(feed).mentions).toBeNull()
  })

  it('is sent in the future, within ninety days, on the server’s clock', () => {
    const at = (offset: number) => faults((d) => (d.sendAt = new Date(now + offset).toISOString())).sendAt
    expect(at(60_000)).toBeUndefined()
    expect(at(0)).toBe('past')
    expect(at(91 * 86_400_000)).toBe('far')
  })

  it('is not longer than DingTalk takes', () => {
    expect(faults((d) => (d.text.content = '好'.repeat(6_600)))).toEqual({})
    expect(faults((d) => (d.text.content = '好'.repeat(6_700)))).toEqual({ message: 'tooLong' })
  })

  it('becomes exactly one kind of message', () => {
    for (const kind of ['text', 'markdown', 'link', 'actionCard', 'feedCard'] as const) {
      const one = draft((d) => (d.kind = kind))
      expect(Object.keys(inputOf(one).message)).toEqual([kind])
      expect(Object.keys(messageOf(one))).toEqual([kind])
    }
    const card = draft((d) => ((d.kind = 'actionCard'), (d.actionCard.horizontal = true)))
    expect(inputOf(card).message.actionCard).toEqual({ title: '', text: '', single: { title: '', url: '' }, horizontal: false })
  })

  it('keeps one key for however many tries, and another for each draft', () => {
    const one = newDraft()
    expect(inputOf(one).idempotencyKey).toBe(inputOf(one).idempotencyKey)
    expect(newDraft().key).not.toBe(one.key)
    expect(one.key).toMatch(/^[0-9a-f]{32}$/)
  })

  it('can begin as a copy of what was said', () => {
    const original = draft((d) => {
      d.kind = 'actionCard'
      Object.assign(d.actionCard, { title: 't', text: 'x', several: true, buttons: [{ title: 'a', url: 'https://x' }], horizontal: true })
      d.mentions.userIds = ['lisi']
    })
    const copy = draftFrom(messageOf(original), original.mentions, ['r1'])
    expect(inputOf(copy).message).toEqual(inputOf(original).message)
    expect(copy.mentions).toEqual(original.mentions)
    expect(copy.key).not.toBe(original.key)
  })
})

describe('keeping a draft', () => {
  function memory(text?: string): Storage {
    let kept = text ?? null
    return { getItem: () => kept, setItem: (_: string, value: string) => (kept = value), removeItem: () => (kept = null) } as unknown as Storage
  }

  it('brings back every word and the key', () => {
    const storage = memory()
    const one = draft((d) => (d.text.content = '写到一半'))
    keep(() => storage, one)
    expect(recall(() => storage)).toEqual(one)
    keep(() => storage, null)
    expect(recall(() => storage).text.content).toBe('')
  })

  it('begins anew when what was kept is damaged', () => {
    for (const text of ['{', '7', 'null', '{"kind":"text"}']) expect(recall(() => memory(text)).kind).toBe('markdown')
  })

  it('does without storage', () => {
    const forbidden = () => {
      throw new DOMException('denied', 'SecurityError')
    }
    keep(forbidden, newDraft())
    expect(recall(forbidden).robotIds).toEqual([])
  })
})
