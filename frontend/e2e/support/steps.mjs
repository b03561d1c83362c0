// What a person does again and again.
import assert from 'node:assert/strict'
import { until } from './wait.mjs'

/** Signs in on the sign-in form at hand; the code is read with readCode, which waits for it. */
export async function signIn(page, t, { username, password }, readCode) {
  if (username) await page.fill('input[name=username]', username)
  await page.fill('input[name=password]', password)
  await page.click('button[type=submit]')
  await page.locator('input[name=code]').waitFor()
  await page.fill('input[name=code]', await readCode()) // the sixth digit sends it
}

/** Waits for the heading of a page. */
export const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()

/** Goes to a page by the menu. */
export async function menu(page, t, key) {
  await page.getByRole('navigation', { name: t('app.menu') }).getByRole('link', { name: t(key), exact: true }).click()
}

export const button = (page, name) => page.getByRole('button', { name, exact: true })
export const field = (page, label) => page.getByLabel(label, { exact: true })

/** The types of the events in the live tail, newest first. The window must be tall enough to draw them all. */
export const tailOf = (page) => page.locator('[role=option] .event .type').allTextContents()

/** Waits until the tail shows exactly these events, newest first. */
export async function expectTail(page, types) {
  let seen
  await until('the tail to show what the log holds', async () => {
    seen = await tailOf(page)
    return seen.length >= types.length && seen[0] === types[0]
  }).catch(() => {})
  assert.deepEqual(seen, types)
}
