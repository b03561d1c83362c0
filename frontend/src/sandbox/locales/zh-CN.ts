import type { Texts } from '@/shared/i18n/language'
import shared from '@/shared/i18n/zh-CN.json'
import sandbox from './zh-CN.json'

export default { shared, sandbox } as Texts
