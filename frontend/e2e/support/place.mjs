// Where things are.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))
export const frontend = `${root}frontend/`
/** The binary under test; run.mjs builds it. */
export const binary = `${root}.tmp/browser/posthouse`
/** The program that fills a database with accounts; run.mjs builds it. */
export const filler = `${root}.tmp/browser/manyaccounts`
export const screenshots = `${root}.tmp/screenshots/browser/`

mkdirSync(screenshots, { recursive: true })
