import { describe, expect, it } from 'vitest'
import type { PersonSaid, RobotSaid } from '../types'
import { chatsOf, groupOf, lastWords, privateOf, unseen, type World } from './chats'
import { codeIn, mentioned, messageOf, withEveryone } from './said'

const nobody = { atMobiles: [], atUserIds: [], isAtAll: false, notifiedUserIds: [], shownUserIds: [] }
const robotSaid = (id: number, more: Partial<RobotSaid> = {}): RobotSaid => ({
  id,
  at: `2026-03-09T06:00:${String(id).padStart(2, '0')}Z`,
  robot: 'ops',
  conversation: 'cid-ops',
  toUserIds: [],
  msgtype: 'text',
  body: { content: `said ${id}` },
  mentions: nobody,
  ...more,
})
const personSaid = (id: number, second: number, more: Partial<PersonSaid> = {}): PersonSaid => ({
  id,
  at: `2026-03-09T06:00:${String(second).padStart(2, '0')}.123456789Z`,
  userId: 'lisi',
  conversationType: '1',
  conversation: 'cid-app-lisi',
  text: ' hi\nthere ',
  ...more,
})
const people = [
  { userid: 'zhangsan', name: '张三', phone: '+8613800000001', title: '' },
  { userid: 'lisi', name: '李四', phone: '+8613800000002', title: '' },
]
const groups = [
  { id: 'cid-ops', title: '值班群', robot: 'ops', userIds: [] },
  { id: 'cid-news', title: '公告群', robot: 'news', userIds: [] },
]
const world = (more: Partial<World>): World => ({ groups, people, messages: [], said: [], begun: [], ...more })

describe('chats', () => {
  it('are there before anything is said', () => {
    expect(chatsOf(world({})).map((chat) => chat.id)).toEqual([groupOf('ops'), groupOf('news'), groupOf('app')])
    expect(chatsOf(world({ begun: ['lisi'] })).at(-1)).toMatchObject({ id: privateOf('app', 'lisi'), kind: 'private', entries: [] })
  })

  it('keep what robots say in groups and in private apart', () => {
    const chats = chatsOf(
      world({
        messages: [robotSaid(1), robotSaid(2, { robot: 'app', toUserIds: ['lisi', 'zhangsan'] }), robotSaid(3, { robot: 'app', toUserIds: ['zhangsan'] }), robotSaid(4, { robot: 'later' })],
      }),
    )
    expect(chats.map((chat) => [chat.id, chat.entries.map((one) => one.key).join()])).toEqual([
      ['group:ops', 'r1'],
      ['group:news', ''],
      ['group:app', ''],
      ['group:later', 'r4'],
      ['private:app:zhangsan', 'r2,r3'],
      ['private:app:lisi', 'r2'],
    ])
  })

  it('put people and the app robot in the order in which they spoke', () => {
    const chat = chatsOf(world({ messages: [robotSaid(5, { robot: 'app', toUserIds: ['lisi'] })], said: [personSaid(1, 4), personSaid(2, 6)] })).at(-1)!
    expect(chat.entries.map((one) => one.key)).toEqual(['p1', 'r5', 'p2'])
    expect(lastWords(chat)).toBe('hi there')
    expect(chatsOf(world({ said: [personSaid(1, 4, { conversationType: '2' })] })).find((one) => one.id === groupOf('app'))?.entries).toHaveLength(1)
  })

  it('count what was not seen', () => {
    const [chat] = chatsOf(world({ messages: [robotSaid(1), robotSaid(2), robotSaid(3)] }))
    expect([0, 1, 3, 9].map((id) => unseen(chat!, id))).toEqual([3, 2, 0, 0])
    expect(lastWords(chat!)).toBe('said 3')
  })
})

describe('what a robot said', () => {
  it('is drawn from a body that may be anything', () => {
    for (const msgtype of ['text', 'markdown', 'link', 'actionCard', 'feedCard']) {
      for (const body of [{}, { content: 1, text: null, btns: [1, null, 'x'], links: 'no', singleTitle: [] }]) expect(messageOf({ msgtype, body })).not.toBeNull()
    }
    expect(messageOf({ msgtype: 'voice', body: {} })).toBeNull()
    expect(messageOf({ msgtype: 'actionCard', body: { title: 't', text: 'x', btnOrientation: '1', btns: [{ title: 'a', actionURL: 'u' }] } })).toEqual({
      actionCard: { title: 't', text: 'x', horizontal: true, single: null, buttons: [{ title: 'a', url: 'u' }] },
    })
  })

  it('shows names in place of phone numbers and ids', () => {
    const said = robotSaid(1, { mentions: { ...nobody, isAtAll: true, shownUserIds: ['lisi'] } })
    const shown = mentioned(said, people, '所有人')
    expect([...shown.keys()]).toEqual(['+8613800000002', '13800000002', 'lisi', '所有人'])
    expect(shown.get('13800000002')).toBe('李四')
    expect(withEveryone({ text: { content: 'a' } }, true, '所有人')).toEqual({ text: { content: 'a @所有人' } })
    expect(withEveryone({ text: { content: 'a' } }, false, '所有人')).toEqual({ text: { content: 'a' } })
  })

  it('may hold a login code', () => {
    const code = (content: string) => codeIn({ msgtype: 'text', body: { content } })
    expect(code('验证码 041593，5 分钟内有效。@13800000001')).toBe('041593')
    expect(code('Your code is 123456.')).toBe('123456')
    for (const words of ['', '2026-11-22 110530111', '1234567', '13800000001', 'a 123456 b 654321', '¥123456.78', '1,204']) expect(code(words), words).toBeNull()
    expect(codeIn({ msgtype: 'link', body: { text: '123456' } })).toBeNull()
  })
})
