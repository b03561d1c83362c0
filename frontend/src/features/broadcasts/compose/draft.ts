import type { BroadcastInput, MessageInput, Priority } from '@/shared/gql/graphql'
import { bodySize, canMention, kindOf, longestBody, nobody, type Kind, type Mentions, type Message } from '@/shared/message/message'

export interface Button {
  title: string
  url: string
}

/** A message being written. What was typed for one kind is kept while another is tried. */
export interface Draft {
  kind: Kind
  robotIds: string[]
  text: { content: string }
  markdown: { title: string; text: string }
  link: { title: string; text: string; messageUrl: string; picUrl: string }
  actionCard: { title: string; text: string; several: boolean; single: Button; buttons: Button[]; horizontal: boolean }
  feedCard: { links: { title: string; messageUrl: string; picUrl: string }[] }
  mentions: { phones: string[]; userIds: string[]; all: boolean }
  /** RFC 3339; null: as soon as possible. */
  sendAt: string | null
  priority: Priority
  /** The server takes a draft once, however often it is sent. */
  key: string
}

export const newKey = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
export const newButton = (): Button => ({ title: '', url: '' })
export const newLink = () => ({ title: '', messageUrl: '', picUrl: '' })

export function newDraft(): Draft {
  return {
    kind: 'markdown',
    robotIds: [],
    text: { content: '' },
    markdown: { title: '', text: '' },
    link: { title: '', text: '', messageUrl: '', picUrl: '' },
    actionCard: { title: '', text: '', several: false, single: newButton(), buttons: [newButton(), newButton()], horizontal: false },
    feedCard: { links: [newLink(), newLink()] },
    mentions: { phones: [], userIds: [], all: false },
    sendAt: null,
    priority: 'NORMAL',
    key: newKey(),
  }
}

/** A draft that begins as a copy of something said before. */
export function draftFrom(message: Message, mentions: Mentions, robotIds: string[]): Draft {
  const draft = newDraft()
  draft.kind = kindOf(message)
  draft.robotIds = robotIds
  draft.mentions = { phones: [...mentions.phones], userIds: [...mentions.userIds], all: mentions.all }
  if (message.text) draft.text = { ...message.text }
  if (message.markdown) draft.markdown = { ...message.markdown }
  if (message.link) draft.link = { ...message.link, picUrl: message.link.picUrl ?? '' }
  if (message.feedCard) draft.feedCard = { links: message.feedCard.links.map((row) => ({ ...row })) }
  if (message.actionCard) {
    const { title, text, horizontal, single, buttons } = message.actionCard
    draft.actionCard = {
      title,
      text,
      horizontal,
      several: !single,
      single: single ? { ...single } : newButton(),
      buttons: buttons?.length ? buttons.map((button) => ({ ...button })) : [newButton(), newButton()],
    }
  }
  return draft
}

/** The message of a draft, as the preview draws it. */
export function messageOf(draft: Draft): Message {
  switch (draft.kind) {
    case 'text':
      return { text: { ...draft.text } }
    case 'markdown':
      return { markdown: { ...draft.markdown } }
    case 'link':
      return { link: { ...draft.link, picUrl: draft.link.picUrl.trim() || null } }
    case 'feedCard':
      return { feedCard: { links: draft.feedCard.links.map((row) => ({ ...row })) } }
    case 'actionCard': {
      const { title, text, several, single, buttons, horizontal } = draft.actionCard
      return { actionCard: { title, text, horizontal: several && horizontal, single: several ? null : { ...single }, buttons: several ? buttons : null } }
    }
  }
}

export const mentionsOf = (draft: Draft): Mentions => (canMention(draft.kind) ? draft.mentions : nobody)

/** What is sent to the server. */
export function inputOf(draft: Draft): BroadcastInput {
  const mentions = mentionsOf(draft)
  const anybody = mentions.all || mentions.phones.length > 0 || mentions.userIds.length > 0
  return {
    robotIds: draft.robotIds,
    message: messageInput(draft),
    mentions: anybody ? { phones: [...mentions.phones], userIds: [...mentions.userIds], all: mentions.all } : null,
    sendAt: draft.sendAt,
    priority: draft.priority,
    idempotencyKey: draft.key,
  }
}

function messageInput(draft: Draft): MessageInput {
  switch (draft.kind) {
    case 'text':
      return { text: { content: draft.text.content } }
    case 'markdown':
      return { markdown: { title: draft.markdown.title.trim(), text: draft.markdown.text } }
    case 'link': {
      const { title, text, messageUrl, picUrl } = draft.link
      return { link: { title: title.trim(), text, messageUrl: messageUrl.trim(), picUrl: picUrl.trim() || null } }
    }
    case 'feedCard':
      return {
        feedCard: {
          links: draft.feedCard.links.map((row) => ({ title: row.title.trim(), messageUrl: row.messageUrl.trim(), picUrl: row.picUrl.trim() })),
        },
      }
    case 'actionCard': {
      const { title, text, several, single, buttons, horizontal } = draft.actionCard
      const bare = (button: Button) => ({ title: button.title.trim(), url: button.url.trim() })
      return {
        actionCard: several
          ? { title: title.trim(), text, buttons: buttons.map(bare), horizontal }
          : { title: title.trim(), text, single: bare(single), horizontal: false },
      }
    }
  }
}

/** What is wrong with one field. The texts are `broadcasts.fault.*`. */
export type Fault = 'required' | 'url' | 'robots' | 'tooManyRobots' | 'mentions' | 'phone' | 'past' | 'far' | 'tooLong'

/** Faults by the server's own names for the fields, such as `message.markdown.title`. */
export type Faults = Record<string, Fault>

const mostRobots = 100
const mostMentions = 50
const farthest = 90 * 86_400_000

/** What the server would refuse, found while it is typed. now is the server's time. */
export function check(draft: Draft, now: number): Faults {
  const faults: Faults = {}
  const words = (field: string, value: string) => {
    if (value.trim() === '') faults[field] = 'required'
  }
  const url = (field: string, value: string, optional = false) => {
    if (value.trim() === '') {
      if (!optional) faults[field] = 'required'
    } else if (!opens(value.trim())) faults[field] = 'url'
  }
  if (draft.robotIds.length === 0) faults.robotIds = 'robots'
  if (draft.robotIds.length > mostRobots) faults.robotIds = 'tooManyRobots'
  checkMessage(draft, words, url)
  const mentions = mentionsOf(draft)
  if (mentions.phones.length + mentions.userIds.length > mostMentions) faults.mentions = 'mentions'
  if (mentions.phones.some((phone) => !/^\+?[\d\s\-().]{5,24}$/.test(phone))) faults['mentions.phones'] = 'phone'
  if (draft.sendAt) {
    const at = Date.parse(draft.sendAt)
    if (!(at > now)) faults.sendAt = 'past'
    else if (at > now + farthest) faults.sendAt = 'far'
  }
  if (bodySize(messageOf(draft), mentions) > longestBody) faults.message = 'tooLong'
  return faults
}

function checkMessage(draft: Draft, words: (field: string, value: string) => void, url: (field: string, value: string, optional?: boolean) => void): void {
  const at = `message.${draft.kind}`
  switch (draft.kind) {
    case 'text':
      words(`${at}.content`, draft.text.content)
      break
    case 'markdown':
      words(`${at}.title`, draft.markdown.title)
      words(`${at}.text`, draft.markdown.text)
      break
    case 'link':
      words(`${at}.title`, draft.link.title)
      words(`${at}.text`, draft.link.text)
      url(`${at}.messageUrl`, draft.link.messageUrl)
      url(`${at}.picUrl`, draft.link.picUrl, true)
      break
    case 'feedCard':
      draft.feedCard.links.forEach((row, index) => {
        words(`${at}.links.${index}.title`, row.title)
        url(`${at}.links.${index}.messageUrl`, row.messageUrl)
        url(`${at}.links.${index}.picUrl`, row.picUrl)
      })
      break
    case 'actionCard':
      words(`${at}.title`, draft.actionCard.title)
      words(`${at}.text`, draft.actionCard.text)
      if (!draft.actionCard.several) {
        words(`${at}.single.title`, draft.actionCard.single.title)
        url(`${at}.single.url`, draft.actionCard.single.url)
      } else {
        draft.actionCard.buttons.forEach((button, index) => {
          words(`${at}.buttons.${index}.title`, button.title)
          url(`${at}.buttons.${index}.url`, button.url)
        })
      }
  }
}

/** Web pages and DingTalk's own; nothing that runs code or reads files. */
function opens(value: string): boolean {
  if (/\s/.test(value)) return false
  try {
    const { protocol, host } = new URL(value)
    return host !== '' && (protocol === 'http:' || protocol === 'https:' || protocol === 'dingtalk:')
  } catch {
    return false
  }
}
