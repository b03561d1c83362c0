import type { Texts } from '@/shared/i18n/language'
import shared from '@/shared/i18n/en.json'
import sandbox from './en.json'

export default { shared, sandbox } as Texts
