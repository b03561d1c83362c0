// A list of 100,000 accounts feels like one of ten.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { bringSession, openWindow } from './support/browser.mjs'
import { startHouse } from './support/house.mjs'
import { look } from './support/look.mjs'
import { filler } from './support/place.mjs'
import { platformOf } from './support/platform.mjs'
import { button, heading } from './support/steps.mjs'
import { until } from './support/wait.mjs'
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

test('an event log longer than a page keeps is read to its beginning, and back', async (t) => {
  const house = await startHouse(t)
  const owner = await house.makeOwner()
  const { push } = await platformOf(house)
  const all = 5_600
  await push('the_first')
  for (let n = 0; n < all; n += 40) await Promise.all(Array.from({ length: 40 }, () => push('check_in')))
  const context = await openWindow(t, { language: 'en' })
  await bringSession(context, owner)
  const page = await context.newPage()
  await page.goto(`${house.url}/events`)
  await page.getByText(w('shared.feed.state.live'), { exact: true }).waitFor()
  const list = page.getByRole('listbox')
  const rows = async () => Number(await page.getByRole('option').first().getAttribute('aria-setsize'))
  const readTo = (end) =>
    until(`the ${end} of the log`, async () => {
      assert.ok((await rows()) <= 5_000)
      await list.evaluate((box, end) => box.scrollTo(0, end === 'beginning' ? box.scrollHeight : 0), end)
      return end === 'beginning' ? await page.getByText(w('events.beginning')).isVisible() : await page.getByText(w('shared.feed.state.live'), { exact: true }).isVisible()
    })
  await readTo('beginning')
  await page.getByText(w('events.history'), { exact: true }).waitFor()
  await list.evaluate((box) => box.scrollTo(0, box.scrollHeight))
  await page.getByText('the_first', { exact: true }).first().waitFor()
  await readTo('end')
  await push('the_last')
  await page.getByText('the_last', { exact: true }).first().waitFor()

  await button(page, w('events.oldest')).click()
  await page.getByText('the_first', { exact: true }).first().waitFor()
  await look(t, page, 'events-history', 'en')
  await push('unseen')
  await button(page, w('events.live')).click()
  await page.getByText('unseen', { exact: true }).first().waitFor()
  await page.getByText(w('shared.feed.state.live'), { exact: true }).waitFor()
})
