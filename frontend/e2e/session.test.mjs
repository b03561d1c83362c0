// A session lives through what happens to a tab while its tokens are exchanged.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bringSession, openWindow, serverAway } from './support/browser.mjs'
import { startHouse } from './support/house.mjs'
import { heading } from './support/steps.mjs'
import { until } from './support/wait.mjs'
import { wordsOf } from './support/words.mjs'

const w = wordsOf('en')

/** A tab of the owner's, on the list of accounts. */
async function atWork(t) {
  const house = await startHouse(t)
  const context = await openWindow(t, { language: 'en', allow: serverAway })
  await bringSession(context, await house.makeOwner())
  const page = await context.newPage()
  await page.goto(`${house.url}/accounts`)
  await heading(page, w('accounts.title'))
  return { context, page }
}

const kept = (page) => page.evaluate(() => JSON.parse(sessionStorage.getItem('posthouse.tokens')))

/** The next look at the tokens finds them due. */
const makeDue = (page) =>
  page.evaluate(() => {
    const tokens = JSON.parse(sessionStorage.getItem('posthouse.tokens'))
    sessionStorage.setItem('posthouse.tokens', JSON.stringify({ ...tokens, renewAt: 0 }))
  })

/** Lets the server exchange tokens, and does something else with its first answer. */
async function instead(page, act) {
  let asked = 0
  await page.route('**/graphql', async (route) => {
    if (!route.request().postData()?.includes('RefreshSession')) return route.continue()
    const answer = await route.fetch()
    return ++asked === 1 ? act(route, answer) : route.fulfill({ response: answer })
  })
  return () => asked
}

async function stillThere(page) {
  await until('the next tokens', async () => (await kept(page))?.generation >= 2)
  await heading(page, w('accounts.title'))
  assert.equal(await page.getByRole('dialog').count(), 0)
}

test('whose answer to a refresh is lost asks again and stays signed in', async (t) => {
  const { page } = await atWork(t)
  const asked = await instead(page, (route) => route.abort('connectionreset'))
  await makeDue(page)
  await page.reload()
  await stillThere(page)
  assert.ok(asked() >= 2)
})

test('who reloads while a refresh travels stays signed in', async (t) => {
  const { page } = await atWork(t)
  let travels
  const travelling = new Promise((resolve) => (travels = resolve))
  await instead(page, () => travels()) // and never arrives
  await makeDue(page)
  void page.reload().catch(() => {})
  await travelling
  await page.reload()
  await stillThere(page)
})

test('both copies of a tab that reload at once stay signed in', async (t) => {
  const { context, page } = await atWork(t)
  const [copy] = await Promise.all([context.waitForEvent('page'), page.evaluate(() => void window.open(location.href))])
  await heading(copy, w('accounts.title'))
  assert.equal((await kept(copy)).family, (await kept(page)).family)
  await Promise.all([makeDue(page), makeDue(copy)])
  await Promise.all([page.reload(), copy.reload()])
  await Promise.all([stillThere(page), stillThere(copy)])
})
