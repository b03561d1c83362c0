import type { Texts } from '@/shared/i18n/language'
import shared from '@/shared/i18n/en.json'
import app from './en.json'
import { collect } from './collect'

export default collect(shared, app, import.meta.glob<Texts>('../../features/*/locale.en.json', { eager: true, import: 'default' }))
