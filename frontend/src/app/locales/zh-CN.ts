import type { Texts } from '@/shared/i18n/language'
import shared from '@/shared/i18n/zh-CN.json'
import app from './zh-CN.json'
import { collect } from './collect'

export default collect(shared, app, import.meta.glob<Texts>('../../features/*/locale.zh-CN.json', { eager: true, import: 'default' }))
