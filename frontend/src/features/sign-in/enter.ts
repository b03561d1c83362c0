import { forget } from '@/shared/api/client'
import { closeSocket } from '@/shared/live/socket'
import { session, type Viewer } from '@/shared/session/session'

/** Begins with a clean slate: nothing read or opened before belongs to this person. */
export function enter(account: Viewer): void {
  closeSocket()
  forget()
  session.identify(account)
}
