/** What the control API answers (contract: sandbox.md). */

export interface Clock {
  now: string
  offsetSeconds: number
  /** Differs between two starts, whose messages are counted anew. */
  startId: string
}

export interface Fault {
  path: string
  kind: string
  errcode?: number
  /** How many calls are left; none: all. */
  times?: number
  delayMs?: number
}

export interface Group {
  id: string
  title: string
  robot: string
  userIds: string[]
}

export interface Person {
  userid: string
  name: string
  phone: string
  title: string
}

/** What a robot said. */
export interface RobotSaid {
  id: number
  at: string
  robot: string
  conversation: string
  toUserIds: string[]
  msgtype: string
  body: Record<string, unknown>
  mentions: { atMobiles: string[]; atUserIds: string[]; isAtAll: boolean; notifiedUserIds: string[]; shownUserIds: string[] }
}

/** What a person said to the app robot. */
export interface PersonSaid {
  id: number
  at: string
  userId: string
  /** "1" in private, "2" in the app robot's group. */
  conversationType: '1' | '2'
  conversation: string
  text: string
}

export interface PushResult {
  eventId: string
  delivered: boolean
  attempts: number
  answer: string
  reason?: string
}

export interface Callback {
  registered: boolean
  url?: string
  owner?: string
  casing?: string
  check?: PushResult
}

export interface Credentials {
  dingtalk: Record<string, string>
  robots: { name: string; accessToken: string; secret: string; keywords: string[] }[]
  wechat: Record<string, string>
}

/** The name under which the app's own robot speaks. */
export const appRobot = 'app'
