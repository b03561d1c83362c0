import { platformPhone, type Message } from '@/shared/message/message'
import type { Person, RobotSaid } from '../types'

type Fields = Record<string, unknown>

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter((one): one is Fields => typeof one === 'object' && one !== null) : [])

/** A webhook's body as the shared drawing takes it; null for a type that it does not know. */
export function messageOf(said: Pick<RobotSaid, 'msgtype' | 'body'>): Message | null {
  const body = said.body
  switch (said.msgtype) {
    case 'text':
      return { text: { content: text(body.content) } }
    case 'markdown':
      return { markdown: { title: text(body.title), text: text(body.text) } }
    case 'link':
      return { link: { title: text(body.title), text: text(body.text), messageUrl: text(body.messageUrl), picUrl: text(body.picUrl) || null } }
    case 'actionCard': {
      // With both single fields set the buttons do not count (protocols.md §1.4).
      const single = text(body.singleTitle) && text(body.singleURL) ? { title: text(body.singleTitle), url: text(body.singleURL) } : null
      const buttons = list(body.btns).map((button) => ({ title: text(button.title), url: text(button.actionURL) }))
      return { actionCard: { title: text(body.title), text: text(body.text), horizontal: body.btnOrientation === '1', single, buttons } }
    }
    case 'feedCard':
      return { feedCard: { links: list(body.links).map((link) => ({ title: text(link.title), messageUrl: text(link.messageURL), picUrl: text(link.picURL) })) } }
    default:
      return null
  }
}

/** The platform draws @all behind a text whatever the text says. */
export function withEveryone(message: Message, atAll: boolean, everyone: string): Message {
  if (!atAll) return message
  const whole = (words: string) => `${words}${words ? ' ' : ''}@${everyone}`
  if (message.text) return { text: { content: whole(message.text.content) } }
  if (message.markdown) return { markdown: { ...message.markdown, text: whole(message.markdown.text) } }
  return message
}

/** What may stand behind an @ in this message, and whose name is shown for it. */
export function mentioned(said: RobotSaid, people: readonly Person[], everyone: string): Map<string, string> {
  const shown = new Map<string, string>()
  if (said.mentions.isAtAll) shown.set(everyone, everyone)
  const ids = new Set(said.mentions.shownUserIds)
  for (const person of people) {
    if (!ids.has(person.userid)) continue
    shown.set(person.userid, person.name)
    shown.set(platformPhone(person.phone), person.name)
    shown.set(person.phone, person.name)
  }
  // The longest first: "li" is not to be found in "lisi".
  return new Map([...shown].sort(([a], [b]) => b.length - a.length))
}

/** The login code in a message; null when there is none, or more than one number that could be it. */
export function codeIn(said: Pick<RobotSaid, 'msgtype' | 'body'>): string | null {
  if (said.msgtype !== 'text' && said.msgtype !== 'markdown') return null
  const found = [...new Set(text(said.body.content ?? said.body.text).match(/(?<![\d.,:/-])\d{6}(?![\d.,:/-]*\d)/g) ?? [])]
  return found.length === 1 ? found[0]! : null
}
