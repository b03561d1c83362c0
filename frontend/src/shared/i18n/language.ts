import { createI18n } from 'vue-i18n'
import type { Language } from '../gql/graphql'

export const languages = ['zh-CN', 'en'] as const
export type LanguageTag = (typeof languages)[number]

/** A language's texts: nested objects whose leaves are sentences. */
export interface Texts {
  [key: string]: string | Texts
}

const key = 'posthouse.language'

/** Chinese unless the person chose English, here or in the browser. */
export function preferredLanguage(chosen: string | null, accepted: readonly string[]): LanguageTag {
  if (chosen === 'zh-CN' || chosen === 'en') return chosen
  for (const tag of accepted) {
    if (/^zh\b/i.test(tag)) return 'zh-CN'
    if (/^en\b/i.test(tag)) return 'en'
  }
  return 'zh-CN'
}

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: false,
  missingWarn: import.meta.env.DEV,
  messages: {} as Record<LanguageTag, Texts>,
})

export const currentLanguage = (): LanguageTag => i18n.global.locale.value as LanguageTag

/** The language in which the API is to speak. */
export const apiLanguage = (): Language => (currentLanguage() === 'en' ? 'EN' : 'ZH_CN')

let load: (language: LanguageTag) => Promise<Texts> = () => Promise.resolve({})

/** Brings up the preferred language. Texts are loaded when they are first wanted. */
export async function startLanguage(loader: (language: LanguageTag) => Promise<Texts>): Promise<void> {
  load = loader
  await useLanguage(preferredLanguage(remembered(), navigator.languages))
}

/** Changes the language and remembers it. */
export async function chooseLanguage(language: LanguageTag): Promise<void> {
  await useLanguage(language)
  try {
    localStorage.setItem(key, language)
  } catch {
    // Not remembered where the browser forbids storage.
  }
}

async function useLanguage(language: LanguageTag): Promise<void> {
  if (!i18n.global.availableLocales.includes(language)) i18n.global.setLocaleMessage(language, (await load(language)) as never)
  i18n.global.locale.value = language as never
  document.documentElement.lang = language
}

function remembered(): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}
