// A list of 100,000 accounts feels like one of ten.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { bringSession, openWindow } from './support/browser.mjs'
import { startHouse } from './support/house.mjs'
import { filler } from './support/place.mjs'
import { button, heading } from './support/steps.mjs'
import { wordsOf } from './support/words.mjs'

const w = wordsOf('en')
// Generous, for this also runs on machines that are busy with other tests; docs/performance.md has what it takes.
const soon = 3_000

test('100,000 accounts are paged through and searched', async (t) => {
  const house = await startHouse(t)
  const owner = await house.makeOwner()
  execFileSync(filler, [house.data, '100000'])
  const context = await openWindow(t, { language: 'en' })
  await bringSession(context, owner)
  const page = await context.newPage()
  const shows = (name) => page.getByRole('link', { name, exact: true }).waitFor()
  const timed = async (what, act) => {
    const start = performance.now()
    await act()
    const took = Math.round(performance.now() - start)
    t.diagnostic(`${what}: ${took} ms`)
    assert.ok(took < soon, `${what} took ${took} ms`)
  }

  await page.goto(`${house.url}/me`)
  await heading(page, w('me.title'))
  await timed('the first page', async () => {
    await page.getByRole('link', { name: w('accounts.title') }).click()
    await shows('person.099999')
  })
  const rows = await page.getByRole('row').count()
  assert.ok(rows > 10 && rows < 120, `${rows} rows are drawn`)
  const first = await page.getByRole('row').last().getByRole('link').innerText()
  await timed('the next page', async () => {
    await button(page, w('shared.pager.next')).click()
    await page.getByRole('link', { name: first, exact: true }).waitFor({ state: 'hidden' })
  })
  await timed('and back', async () => {
    await button(page, w('shared.pager.previous')).click()
    await shows('person.099999')
  })
  await timed('a search by name', async () => {
    await page.getByRole('searchbox').or(page.getByPlaceholder(w('accounts.search'))).first().fill('PERSON.0000')
    await shows('person.000000')
  })
  await timed('a search by number', async () => {
    await page.getByPlaceholder(w('accounts.search')).fill('13900099999')
    await shows('person.099999')
    await page.getByRole('link', { name: 'person.000000', exact: true }).waitFor({ state: 'hidden' })
  })
  await timed('one account', async () => {
    await page.getByRole('link', { name: 'person.099999', exact: true }).click()
    await heading(page, 'person.099999')
  })
})
