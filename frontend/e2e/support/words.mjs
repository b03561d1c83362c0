// The app's own texts, so that tests name what is on a page by its key and survive a better wording.
import { readdirSync, readFileSync } from 'node:fs'
import { frontend } from './place.mjs'

export const languages = ['zh-CN', 'en']

const camel = (folder) => folder.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())
const read = (path) => JSON.parse(readFileSync(`${frontend}src/${path}`, 'utf8'))

const texts = Object.fromEntries(
  languages.map((language) => [
    language,
    {
      shared: read(`shared/i18n/${language}.json`),
      app: read(`app/locales/${language}.json`),
      sandbox: read(`sandbox/locales/${language}.json`),
      ...Object.fromEntries(
        readdirSync(`${frontend}src/features`)
          .filter((folder) => readdirSync(`${frontend}src/features/${folder}`).includes(`locale.${language}.json`))
          .map((folder) => [camel(folder), read(`features/${folder}/locale.${language}.json`)]),
      ),
    },
  ]),
)

// Forms for none, one and many stand beside one another; without a count the last is meant.
function plain(text, count) {
  const forms = text.split(' | ')
  if (forms.length === 1) return text
  if (count === undefined) return forms.at(-1)
  return forms.length === 3 ? forms[Math.min(count, 2)] : forms[count === 1 ? 0 : 1]
}

/** Gives a function from a key such as "signIn.next" to the text in that language. */
export function wordsOf(language) {
  return (key, values = {}) => {
    const text = key.split('.').reduce((at, part) => at?.[part], texts[language])
    if (typeof text !== 'string') throw new Error(`no text ${key} in ${language}`)
    return plain(text, values.n).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole))
  }
}
