import { computed, reactive, readonly, ref, shallowRef } from 'vue'
import { toApiError, type ApiError } from '@/shared/api/errors'
import { backoff } from '@/shared/live/backoff'
import { ask } from './api'
import { chatsOf, groupOf, privateOf, unseen, type Chat } from './chat/chats'
import { appRobot, type Callback, type Clock, type Credentials, type Fault, type Group, type Person, type PersonSaid, type RobotSaid } from './types'

// Everything that is in the sandbox, looked at every second while the page is seen. Only what is new is
// asked for, and nothing is replaced that has not changed, so nothing flickers.

const seen = 1_000
const hidden = 5_000
const mostKept = 3_000

const clock = shallowRef<Clock | null>(null)
/** Where the browser's monotonic clock stood when the sandbox's was read. */
const readAt = ref(0)
const faults = shallowRef<Fault[]>([])
const groups = shallowRef<Group[]>([])
const people = shallowRef<Person[]>([])
const callback = shallowRef<Callback | null>(null)
/** Where messages to the app robot are sent; empty: nowhere. */
const robotAddress = ref('')
const credentials = shallowRef<Credentials | null>(null)
const messages = shallowRef<RobotSaid[]>([])
const said = shallowRef<PersonSaid[]>([])
const begun = ref<string[]>([])
const current = ref(groupOf('ops'))
const contact = reactive({ up: true, trying: false, nextTry: 0, ready: false, error: null as ApiError | null })

let tries = 0
let round = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** Up to which message each chat was seen; those that were there before the page count as seen. */
const seenUpTo = reactive(new Map<string, number>())
let seenAtFirst = 0

const chats = computed<Chat[]>(() => chatsOf({ groups: groups.value, people: people.value, messages: messages.value, said: said.value, begun: begun.value }))
const chat = computed<Chat | undefined>(() => chats.value.find((one) => one.id === current.value) ?? chats.value[0])

/** Messages that were not seen in a chat. */
const unread = (one: Chat): number => (one.id === chat.value?.id ? 0 : unseen(one, seenUpTo.get(one.id) ?? seenAtFirst))

function markSeen(): void {
  const open = chat.value
  const last = messages.value.at(-1)?.id
  if (open && last !== undefined) seenUpTo.set(open.id, last)
}

function choose(id: string): void {
  markSeen()
  current.value = id
  markSeen()
}

/** Opens a person's private chat with the app robot. */
function begin(userId: string): void {
  if (!begun.value.includes(userId)) begun.value = [...begun.value, userId]
  choose(privateOf(appRobot, userId))
}

function unchanged(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function keep<T>(into: { value: T }, next: T): void {
  if (!unchanged(into.value, next)) into.value = next
}

function setClock(next: Clock): void {
  clock.value = next
  readAt.value = performance.now()
}

function forget(): void {
  messages.value = []
  said.value = []
  begun.value = []
  seenUpTo.clear()
  seenAtFirst = 0
}

/** What changes seldom: asked for at the start, after a restart of the sandbox, and now and then. */
async function readFrame(): Promise<void> {
  const [nextGroups, nextPeople, nextCallback, nextRobot, nextCredentials] = await Promise.all([
    ask<Group[]>('conversations'),
    ask<Person[]>('users'),
    ask<Callback>('callbacks'),
    ask<{ url: string }>('robot-callback'),
    ask<Credentials>('credentials'),
  ])
  keep(groups, nextGroups)
  keep(people, nextPeople)
  keep(callback, nextCallback)
  robotAddress.value = nextRobot.url
  keep(credentials, nextCredentials)
}

async function readNews(): Promise<void> {
  const [fresh, freshSaid] = await Promise.all([
    ask<RobotSaid[]>(`messages?since=${messages.value.at(-1)?.id ?? 0}`),
    ask<PersonSaid[]>(`robot-messages?since=${said.value.at(-1)?.id ?? 0}`),
  ])
  if (fresh.length > 0) {
    messages.value = [...messages.value, ...fresh].slice(-mostKept)
    if (!contact.ready) seenAtFirst = fresh.at(-1)!.id
    if (!document.hidden) markSeen()
  }
  if (freshSaid.length > 0) said.value = [...said.value, ...freshSaid].slice(-mostKept)
}

async function look(): Promise<void> {
  const [now, nextFaults] = await Promise.all([ask<Clock>('clock'), ask<Fault[]>('faults')])
  const restarted = clock.value !== null && clock.value.startId !== now.startId
  if (restarted) forget()
  if (restarted || round++ % 5 === 0 || !contact.ready) await readFrame()
  await readNews()
  setClock(now)
  keep(faults, nextFaults)
}

async function tick(): Promise<void> {
  clearTimeout(timer)
  if (contact.trying) return
  contact.trying = true
  try {
    await look()
    tries = 0
    contact.ready = true
    contact.up = true
    contact.error = null
  } catch (cause) {
    contact.up = false
    contact.error = toApiError(cause)
  } finally {
    contact.trying = false
    const wait = contact.up ? (document.hidden ? hidden : seen) : backoff(++tries)
    contact.nextTry = Date.now() + wait
    clearTimeout(timer)
    timer = setTimeout(() => void tick(), wait)
  }
}

/** Begins to look; once, at the start of the page. */
export function watchWorld(): void {
  void tick()
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) {
      markSeen()
      void tick()
    }
  })
}

export const world = {
  contact: readonly(contact),
  clock,
  readAt: readonly(readAt),
  faults,
  groups,
  people,
  callback,
  robotAddress,
  credentials,
  chats,
  chat,
  unread,
  choose,
  begin,
  setClock,
  /** Looks at once, because something was just done. */
  look: tick,
  personOf: (userId: string): string => people.value.find((one) => one.userid === userId)?.name ?? userId,
}
