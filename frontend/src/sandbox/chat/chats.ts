import { summary } from '@/shared/message/message'
import { appRobot, type Group, type Person, type PersonSaid, type RobotSaid } from '../types'
import { messageOf } from './said'

/** One line of a chat, by a robot or by a person. */
export type Entry = { key: string; at: string } & ({ robot: RobotSaid } | { person: PersonSaid })

export interface Chat {
  id: string
  kind: 'group' | 'private'
  robot: string
  /** Whom a private chat is with. */
  userId?: string
  entries: Entry[]
}

export interface World {
  groups: readonly Group[]
  people: readonly Person[]
  messages: readonly RobotSaid[]
  said: readonly PersonSaid[]
  /** People with whom a chat with the app robot was begun, said or unsaid. */
  begun: readonly string[]
}

export const groupOf = (robot: string): string => `group:${robot}`
export const privateOf = (robot: string, userId: string): string => `private:${robot}:${userId}`

/**
 * Groups in the order in which the company has them, the app robot's among them, then private chats, the one
 * in which something was said last on top. A message to several people stands in each one's chat.
 */
export function chatsOf(world: World): Chat[] {
  const groups = new Map<string, Chat>()
  const privates = new Map<string, Chat>()
  const group = (robot: string) => entry(groups, groupOf(robot), { kind: 'group', robot })
  const single = (robot: string, userId: string) => entry(privates, privateOf(robot, userId), { kind: 'private', robot, userId })
  for (const one of world.groups) group(one.robot)
  group(appRobot)
  for (const userId of world.begun) single(appRobot, userId)
  for (const message of world.messages) {
    const line: Entry = { key: `r${message.id}`, at: message.at, robot: message }
    if (message.toUserIds.length === 0) group(message.robot).entries.push(line)
    for (const userId of message.toUserIds) single(message.robot, userId).entries.push(line)
  }
  for (const said of world.said) {
    const chat = said.conversationType === '1' ? single(appRobot, said.userId) : group(appRobot)
    chat.entries.push({ key: `p${said.id}`, at: said.at, person: said })
  }
  const chats = [...groups.values(), ...[...privates.values()].sort((a, b) => lastAt(b).localeCompare(lastAt(a)))]
  // What people and robots say is counted apart, so their lines have to be brought in order.
  for (const chat of chats) if (chat.robot === appRobot) chat.entries.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
  return chats
}

function entry(into: Map<string, Chat>, id: string, rest: Omit<Chat, 'id' | 'entries'>): Chat {
  let chat = into.get(id)
  if (!chat) into.set(id, (chat = { id, entries: [], ...rest }))
  return chat
}

const lastAt = (chat: Chat): string => chat.entries.at(-1)?.at ?? ''

/** What the list says of a chat on one line; empty when nothing was said. */
export function lastWords(chat: Chat): string {
  const last = chat.entries.at(-1)
  if (!last) return ''
  if ('person' in last) return last.person.text.replace(/\s+/g, ' ').trim().slice(0, 140)
  const message = messageOf(last.robot)
  return message ? summary(message) : last.robot.msgtype
}

/** How many messages of robots a person has not seen who has seen those up to an id. */
export const unseen = (chat: Chat, upTo: number): number => chat.entries.filter((one) => 'robot' in one && one.robot.id > upTo).length
