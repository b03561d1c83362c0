import type { Texts } from '@/shared/i18n/language'

/** Puts the texts of all features under their folder's name: sign-in's are found below `signIn`. */
export function collect(shared: Texts, app: Texts, features: Record<string, Texts>): Texts {
  const all: Texts = { shared, app }
  for (const [path, texts] of Object.entries(features)) {
    const folder = /features\/([^/]+)\//.exec(path)?.[1] ?? path
    all[folder.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())] = texts
  }
  return all
}
