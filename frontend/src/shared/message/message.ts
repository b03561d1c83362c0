import type { MessageFieldsFragment } from '@/shared/gql/graphql'

/** What a robot says; exactly one of the five is set. */
export type Message = {
  text?: { content: string } | null
  markdown?: { title: string; text: string } | null
  link?: { title: string; text: string; messageUrl: string; picUrl?: string | null } | null
  actionCard?: {
    title: string
    text: string
    horizontal: boolean
    single?: { title: string; url: string } | null
    buttons?: readonly { title: string; url: string }[] | null
  } | null
  feedCard?: { links: readonly { title: string; messageUrl: string; picUrl: string }[] } | null
}

// The server's answer fits without conversion; this line fails to compile when it no longer does.
export const fits: (fragment: MessageFieldsFragment) => Message = (fragment) => fragment

export interface Mentions {
  phones: readonly string[]
  userIds: readonly string[]
  all: boolean
}

export const nobody: Mentions = { phones: [], userIds: [], all: false }

export const kinds = ['text', 'markdown', 'link', 'actionCard', 'feedCard'] as const
export type Kind = (typeof kinds)[number]

export const kindOf = (message: Message): Kind => kinds.find((kind) => message[kind]) ?? 'text'

/** Whether DingTalk can mention people in such a message (protocols.md §1.5). */
export const canMention = (kind: Kind): boolean => kind !== 'link' && kind !== 'feedCard'

/** What the list of conversations shows of a message, on one line. */
export function summary(message: Message): string {
  const words =
    message.text?.content ?? message.markdown?.title ?? message.link?.title ?? message.actionCard?.title ?? message.feedCard?.links[0]?.title ?? ''
  return words.replace(/\s+/g, ' ').trim().slice(0, 140)
}

const namesIn = (kind: Kind, mentions: Mentions): string[] =>
  kind === 'actionCard' ? [...mentions.userIds] : canMention(kind) ? [...mentions.phones.map(platformPhone), ...mentions.userIds] : []

/** The text with the mentions that the server appends because the text does not hold them. */
export function withMentions(text: string, kind: Kind, mentions: Mentions): string {
  const missing = namesIn(kind, mentions).filter((name) => !isMentioned(text, name))
  if (missing.length === 0) return text
  return text + (text === '' ? '' : kind === 'text' ? '\n' : '\n\n') + missing.map((name) => `@${name}`).join(' ')
}

/** The message with everybody it mentions in its text: what the server makes of it, and DingTalk of @all. */
export function asSaid(message: Message, mentions: Mentions, everyone: string): Message {
  const kind = kindOf(message)
  const whole = (text: string) => {
    const said = withMentions(text, kind, mentions)
    return mentions.all && kind !== 'actionCard' ? `${said}${said ? ' ' : ''}@${everyone}` : said
  }
  if (message.text) return { text: { content: whole(message.text.content) } }
  if (message.markdown) return { markdown: { ...message.markdown, text: whole(message.markdown.text) } }
  if (message.actionCard) return { actionCard: { ...message.actionCard, text: whole(message.actionCard.text) } }
  return message
}

/** A mainland number as DingTalk knows it: eleven digits. */
export function platformPhone(phone: string): string {
  const bare = phone.replace(/[\s\-().]/g, '')
  return /^(\+|00)86\d{11}$/.test(bare) ? bare.slice(-11) : bare
}

function isMentioned(text: string, name: string): boolean {
  for (let at = text.indexOf(`@${name}`); at >= 0; at = text.indexOf(`@${name}`, at + 1)) {
    if (!/^[\w-]/.test(text.slice(at + 1 + name.length))) return true
  }
  return false
}

/** The longest body DingTalk takes, in bytes. */
export const longestBody = 20_000

/** About how many bytes the message weighs on its way to DingTalk. */
export function bodySize(message: Message, mentions: Mentions): number {
  const kind = kindOf(message)
  const content = { ...message[kind] } as Record<string, unknown>
  if (typeof content.text === 'string') content.text = withMentions(content.text, kind, mentions)
  if (typeof content.content === 'string') content.content = withMentions(content.content, kind, mentions)
  const frame = { msgtype: kind, [kind]: content, at: { atMobiles: mentions.phones, atUserIds: mentions.userIds, isAtAll: mentions.all }, msgUuid: ''.padEnd(36) }
  return new TextEncoder().encode(JSON.stringify(frame)).length
}

/** Whether a robot that wants keywords would find one of them in the message. */
export function holdsKeyword(message: Message, keywords: readonly string[]): boolean {
  if (keywords.length === 0) return true
  const words = wordsOf(message).map((word) => word.toLowerCase())
  return keywords.some((keyword) => words.some((word) => word.includes(keyword.toLowerCase())))
}

/** Every string in a message, wherever it stands. */
export function wordsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(wordsOf) : []
}

/** Whether nothing is written in the message yet. */
export const isBlank = (message: Message): boolean => wordsOf(message).every((word) => word.trim() === '')
