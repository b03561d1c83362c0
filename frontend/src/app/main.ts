import 'ant-design-vue/dist/reset.css'
import '@/shared/style/tokens.css'
import '@/shared/style/base.css'
import { createApp } from 'vue'
import { i18n, startLanguage } from '@/shared/i18n/language'
import { watchConnection } from '@/shared/live/connection'
import { session } from '@/shared/session/session'
import { startTheme } from '@/shared/theme/theme'
import AppRoot from './AppRoot.vue'
import { makeRouter } from './router'

// The icon's address is relative to the page: a browser would look for it anew, and in vain, below each
// deeper path that the router goes to.
const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
if (icon) icon.href = String(icon.href)

startTheme()
watchConnection()
session.restore()

const texts = { 'zh-CN': () => import('./locales/zh-CN'), en: () => import('./locales/en') }

void startLanguage(async (language) => (await texts[language]()).default).then(() =>
  createApp(AppRoot).use(i18n).use(makeRouter()).mount('#app'),
)
