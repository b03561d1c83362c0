import 'ant-design-vue/dist/reset.css'
import '@/shared/style/tokens.css'
import '@/shared/style/base.css'
import { createApp } from 'vue'
import { i18n, startLanguage } from '@/shared/i18n/language'
import { startTheme } from '@/shared/theme/theme'
import SandboxApp from './SandboxApp.vue'
import { watchWorld } from './world'

startTheme()
watchWorld()

const texts = { 'zh-CN': () => import('./locales/zh-CN'), en: () => import('./locales/en') }

void startLanguage(async (language) => (await texts[language]()).default).then(() => createApp(SandboxApp).use(i18n).mount('#app'))
