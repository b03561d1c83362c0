import { useI18n } from 'vue-i18n'
import { appRobot } from '../types'
import { world } from '../world'
import type { Chat } from './chats'

/** How robots and chats are called. */
export function useNames() {
  const { t } = useI18n()
  const robotName = (robot: string): string => (robot === appRobot ? t('sandbox.chats.appRobot') : robot)
  const chatTitle = (chat: Chat): string => {
    if (chat.userId) return world.personOf(chat.userId)
    if (chat.robot === appRobot) return t('sandbox.chats.appGroup')
    return world.groups.value.find((one) => one.robot === chat.robot)?.title ?? chat.robot
  }
  return { robotName, chatTitle }
}
