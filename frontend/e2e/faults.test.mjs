// What goes wrong in real life: sessions that end, clocks that are wrong, servers that are away, input that
// means harm, people without a mouse.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bringSession, openPage, openWindow, serverAway } from './support/browser.mjs'
import { startHouse } from './support/house.mjs'
import { platformOf } from './support/platform.mjs'
import { hostile, robotName, rtlName, seed } from './support/seed.mjs'
import { button, field, heading, signIn } from './support/steps.mjs'
import { until } from './support/wait.mjs'
import { wordsOf } from './support/words.mjs'

const w = wordsOf('en')
const hour = 3_600_000

/** A house, its owner, and a window in which the owner is signed in. */
async function atWork(t, { house: how, ...options } = {}) {
  const house = await startHouse(t, how)
  const owner = await house.makeOwner()
  const context = await openWindow(t, { language: 'en', ...options })
  await bringSession(context, owner)
  return { house, owner, page: await context.newPage() }
}

const generation = (page) => page.evaluate(() => JSON.parse(sessionStorage.getItem('posthouse.tokens'))?.generation ?? 0)

describe('faults', { concurrency: 2 }, () => {
  test('a session that is over lets one sign in over the page, and nothing typed is lost', async (t) => {
    const { house, owner, page } = await atWork(t)
    await page.goto(`${house.url}/broadcasts/new`)
    await page.getByRole('checkbox', { name: /^ops/ }).check()
    await button(page, w('broadcasts.kinds.text')).click()
    await field(page, w('broadcasts.content')).fill('typed before the session ended')
    await page.getByLabel(w('broadcasts.mentionUsers')).fill('lisi')
    await page.keyboard.press('Enter')

    await house.ask('mutation { logout { ok } }', {}, { token: owner.accessToken })
    await page.locator('button[type=submit]').click()
    const dialog = page.getByRole('dialog', { name: w('signIn.again.title') })
    await dialog.waitFor()
    const before = await house.sandbox.codes()
    await dialog.locator('input[name=password]').fill(owner.password)
    await dialog.locator('button[type=submit]').click()
    await dialog.locator('input[name=code]').waitFor()
    await dialog.locator('input[name=code]').fill(await house.sandbox.code(before))
    await dialog.waitFor({ state: 'hidden' })

    assert.equal(await field(page, w('broadcasts.content')).inputValue(), 'typed before the session ended')
    assert.ok(await page.getByRole('checkbox', { name: /^ops/ }).isChecked())
    await page.locator('button[type=submit]').click()
    await page.waitForURL(/\/broadcasts\/bcst_/)
    const said = await until('the message in the chat', async () => (await house.sandbox.messages('ops')).find((message) => message.body.content?.includes('typed before')))
    assert.deepEqual(said.mentions.atUserIds, ['lisi'])
  })

  test('a token that ends in the middle of composing is renewed unseen', async (t) => {
    const { house, page } = await atWork(t, { house: { access: '3s' } })
    await page.goto(`${house.url}/broadcasts/new`)
    await page.getByRole('checkbox', { name: /^ops/ }).check()
    await button(page, w('broadcasts.kinds.text')).click()
    await field(page, w('broadcasts.content')).fill('typed over two tokens')
    const first = await generation(page)
    await until('another token', async () => (await generation(page)) > first)
    assert.equal(await page.getByRole('dialog').count(), 0)
    assert.equal(await field(page, w('broadcasts.content')).inputValue(), 'typed over two tokens')
    await page.locator('button[type=submit]').click()
    await page.getByText(w('broadcasts.statuses.SENT'), { exact: true }).first().waitFor()
  })

  for (const skew of [hour, -hour]) {
    test(`a browser whose clock is ${skew / hour} hour(s) ahead signs in, stays signed in and tells the right times`, async (t) => {
      const house = await startHouse(t, { access: '4s' })
      const owner = await house.makeOwner()
      const page = await openPage(t, { language: 'en', skew })
      await page.goto(`${house.url}/sign-in`)
      assert.ok(Math.abs((await page.evaluate(() => Date.now())) - Date.now() - skew) < 60_000, 'the clock is not wrong')
      const before = await house.sandbox.codes()
      await signIn(page, w, owner, async () => {
        // Five minutes of life and one of patience, whatever the browser thinks the time is.
        await page.getByText(/good for (5:00|4:5\d)/).waitFor()
        await page.getByText(/Send again in (1:00|0:5\d)/).waitFor()
        return house.sandbox.code(before)
      })
      await heading(page, w('overview.title'))
      await until('the token to be renewed', async () => (await generation(page)) >= 2)
      await page.goto(`${house.url}/events`)
      await page.getByText(w('shared.feed.state.live'), { exact: true }).waitFor()
      await house.sandbox.push('user_add_org')
      await page.getByText(w('events.types.user_add_org'), { exact: true }).waitFor()
      await page.goto(`${house.url}/broadcasts`)
      const token = await page.evaluate(() => JSON.parse(sessionStorage.getItem('posthouse.tokens')).accessToken)
      const { robots } = await house.ask('{ robots(first: 1) { nodes { id } } }', {}, { token })
      const input = { robotIds: [robots.nodes[0].id], message: { text: { content: 'Posthouse: now' } } }
      await house.ask('mutation($input: BroadcastInput!) { broadcast(input: $input) { broadcast { id } } }', { input }, { token })
      const row = page.getByRole('row').filter({ hasText: 'Posthouse: now' })
      await row.first().waitFor()
      assert.doesNotMatch(await row.first().innerText(), /hr|hour|in \d/, 'the time of a message of this moment')
    })
  }

  test('a server that is gone and back is told of on every page, and the page goes on by itself', async (t) => {
    const { house, page } = await atWork(t, { allow: serverAway })
    for (const [path, ready] of [['overview', w('overview.activity')], ['events', w('events.none')], ['broadcasts', w('broadcasts.none')]]) {
      await page.goto(`${house.url}/${path}`)
      await page.getByText(ready, { exact: true }).first().waitFor()
      if (path === 'overview') await page.locator('main svg path').last().waitFor()
      else await page.getByText(w('shared.feed.state.live'), { exact: true }).waitFor()
      await house.kill()
      if (path === 'overview') await page.getByRole('button', { name: w('overview.ranges.week') }).click() // whatever asks the server
      await page.getByText(w('app.offline.title')).waitFor()
      await house.start()
      await page.getByText(w('app.offline.title')).waitFor({ state: 'hidden' })
      await page.getByText(w('app.offline.back')).first().waitFor()
    }
    // Started while the server is away, from what the browser kept.
    await page.goto(`${house.url}/robots`)
    await page.getByRole('link', { name: w('accounts.title') }).waitFor()
    await house.kill()
    await page.getByRole('link', { name: w('accounts.title') }).click()
    await page.getByText(w('app.offline.title')).waitFor()
    await house.start()
    await heading(page, w('accounts.title'))
    await page.getByText('owner', { exact: true }).first().waitFor()
  })

  test('a server that hangs is told of, shows old rows for what they are, and keeps nobody from signing out', async (t) => {
    const { house, page } = await atWork(t, { allow: serverAway, skew: hour })
    await page.goto(`${house.url}/events`)
    await page.getByText(w('shared.feed.state.live'), { exact: true }).waitFor()
    await page.goto(`${house.url}/accounts`)
    await page.getByRole('link', { name: 'owner', exact: true }).waitFor()
    house.freeze()
    await page.getByPlaceholder(w('accounts.search')).fill('nobody')
    await page.locator('table[aria-busy=true]').waitFor() // the rows of before
    await page.getByText(w('app.offline.title')).waitFor() // within patience
    house.thaw()
    await page.getByText(w('app.offline.title')).waitFor({ state: 'hidden' })
    await page.getByText(w('accounts.noMatch')).waitFor()

    await page.goto(`${house.url}/broadcasts/new`)
    await button(page, w('broadcasts.kinds.text')).click()
    await field(page, w('broadcasts.content')).fill('a secret plan')
    await page.evaluate(() => sessionStorage.setItem('posthouse.graphiql.token', 'pasted'))
    const { accessToken } = await page.evaluate(() => JSON.parse(sessionStorage.getItem('posthouse.tokens')))
    await until('the sign-in to be there beforehand', () => page.evaluate(() => performance.getEntriesByType('resource').some(({ name }) => name.includes('SignInPage') && name.endsWith('.js'))))
    house.freeze()
    await page.locator('aside button.who').click()
    await button(page, w('app.signOut')).click()
    await field(page, w('broadcasts.content')).waitFor({ state: 'hidden', timeout: 2_000 })
    await page.locator('input[name=username]').waitFor({ timeout: 5_000 })
    await until('the tab to be empty', () => page.evaluate(() => Object.keys(sessionStorage).every((key) => key === 'brought' || key === 'posthouse.clock')), 2_000)
    house.thaw()
    await until('the session to have ended on the server', () => house.ask('{ viewer { id } }', {}, { token: accessToken }).then(() => false, (error) => /session\./.test(error.message)))
    assert.doesNotMatch(await page.evaluate(() => JSON.stringify(sessionStorage)), /secret|pasted/)
  })

  test('the feed’s own lines are dated like the events around them, though the browser’s clock is wrong', async (t) => {
    const { house, page } = await atWork(t, { allow: serverAway, skew: hour })
    await page.goto(`${house.url}/events`)
    await page.getByText(w('shared.feed.state.live'), { exact: true }).waitFor()
    await house.sandbox.push('user_add_org')
    await page.getByText(w('events.types.user_add_org'), { exact: true }).waitFor()
    await house.kill()
    const line = page.locator('.notice.lost')
    await line.waitFor()
    const seconds = (text) => text.match(/(\d+):(\d+):(\d+)/).slice(1).reduce((sum, part) => sum * 60 + Number(part), 0)
    const lost = seconds(await line.innerText())
    const pushed = seconds(await page.locator('.event .time').first().innerText())
    assert.ok((lost - pushed + 86_400) % 86_400 < 600, `lost at ${lost}, an event at ${pushed}`)
    await house.start()
    await page.locator('.notice.resumed').waitFor()
  })

  test('HTML, scripts, right-to-left writing and emoji are shown as they are, and nothing runs', async (t) => {
    const { house, owner, page } = await atWork(t, { height: 1600 })
    const { broadcasts, account } = await seed(house, owner)
    const shown = async (path, ...texts) => {
      await page.goto(`${house.url}/${path}`)
      for (const text of texts) await page.getByText(text).first().waitFor()
      const made = await page.evaluate(() => document.querySelectorAll('main img, main script, main [onload], main [onerror], main a[href^="javascript"], main iframe').length)
      assert.equal(made, 0, `${path} made elements of what was text`)
    }
    await shown('overview', robotName)
    await shown('accounts', rtlName)
    await shown(`accounts/${account(rtlName)}`, '<script>ran')
    await shown('robots', robotName, '<b>报销</b>')
    await shown('broadcasts', '<script>ran')
    await shown(`broadcasts/${broadcasts.hostile}`, hostile, robotName, '🏳️‍🌈')
    await shown('events', '<script>ran(1)</script>')
    await page.getByRole('option').first().click()
    await page.getByRole('region', { name: w('events.payload') }).getByText('onerror').waitFor()
    await shown('broadcasts/new', robotName)
    await page.getByRole('checkbox', { name: robotName }).check()
    await button(page, w('broadcasts.kinds.markdown')).click()
    await field(page, w('broadcasts.messageTitle')).fill(hostile)
    await field(page, w('broadcasts.body')).fill(`${hostile}\n[x](javascript:ran('preview'))\n[y](https://example.com/"onmouseover="ran('attribute'))`)
    await page.locator('aside').getByText(hostile).first().waitFor()
    for (const link of await page.locator('main aside a').all()) assert.match(await link.getAttribute('href'), /^https?:/)
    await shown('me', 'owner')
    // In places where a name is read out of the address.
    await shown(`events?types=${encodeURIComponent(hostile)}`, '<script>ran')
    await page.goto(`${house.url}/sign-in?return=${encodeURIComponent("javascript:ran('return')")}`)
    await heading(page, w('overview.title'))
    await page.goto(`${house.url}/sign-in?return=${encodeURIComponent('//example.com/')}`)
    await heading(page, w('overview.title'))
    assert.ok(page.url().startsWith(house.url))
    // The sandbox draws the same messages.
    await page.goto(house.sandbox.page)
    await page.locator('#messages').getByText('<script>ran').first().waitFor()
    assert.equal(await page.locator('#messages img, #messages script, #messages a[href^="javascript"]').count(), 0)
  })

  test('an event as large as the server takes can be read', async (t) => {
    const { house, page } = await atWork(t)
    const { push } = await platformOf(house)
    await page.goto(`${house.url}/events`)
    await page.getByText(w('shared.feed.state.live'), { exact: true }).waitFor()
    // A push may be 1 MiB as it travels, encrypted and in base64.
    const members = Array.from({ length: 11_500 }, (_, n) => ({ userId: `person${n}`, name: '员工'.repeat(4), n }))
    await push('label_user_change', { members, last: 'the very end' })
    const row = page.getByRole('option').first()
    await row.getByText(/7\d\d(\.\d)? KiB/).waitFor()
    await row.click()
    const payload = page.getByRole('region', { name: w('events.payload') })
    await payload.getByText('"person0"').waitFor()
    assert.ok((await page.evaluate(() => document.querySelectorAll('*').length)) < 2_000, 'only what is in sight is drawn')
    await payload.evaluate((box) => box.scrollTo(0, box.scrollHeight))
    await payload.getByText('"the very end"').waitFor()
    await button(page, w('events.close')).click()
    await payload.waitFor({ state: 'hidden' })
  })

  test('somebody without a mouse signs in and gets about', async (t) => {
    const house = await startHouse(t)
    await house.makeOwner()
    const page = await openPage(t, { language: 'en' })
    await page.goto(`${house.url}/robots`)
    await heading(page, w('signIn.title'))
    await until('the first field to have the focus', () => focused(page, 'input[name=username]'))
    await page.keyboard.type('owner')
    await page.keyboard.press('Tab')
    await page.keyboard.type('correct horse 9')
    const before = await house.sandbox.codes()
    await page.keyboard.press('Enter')
    await until('the code to have the focus', () => focused(page, 'input[name=code]'))
    await page.keyboard.type(await house.sandbox.code(before))
    await heading(page, w('robots.title')) // where they wanted to go

    await page.goto(`${house.url}/robots`)
    await page.getByText('news', { exact: true }).waitFor()
    await page.keyboard.press('Tab') // the way past the menu
    assert.equal(await page.evaluate(() => document.activeElement.textContent), w('app.skip'))
    await page.keyboard.press('Enter')
    await until('the content to have the focus', () => focused(page, 'main'))
    await tabTo(page, (name) => name === w('robots.add'))
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    await until('the focus in the dialog', () => page.evaluate(() => !!document.activeElement.closest('[role=dialog]')))
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    await until('the focus back on the button', () => page.evaluate((name) => document.activeElement.textContent.trim() === name, w('robots.add')))

    for (let n = 0; n < 12; n++) await house.sandbox.push(n % 2 ? 'check_in' : 'user_add_org')
    await page.goto(`${house.url}/events`)
    await page.getByRole('option').first().waitFor()
    await tabTo(page, (_, role) => role === 'listbox')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: w('events.payload') }).waitFor()
  })
})

const focused = (page, selector) => page.evaluate((selector) => document.activeElement?.matches(selector), selector)

/** Tabs on until something answers the description. */
async function tabTo(page, wanted) {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab')
    const [name, role] = await page.evaluate(() => [document.activeElement.textContent.trim(), document.activeElement.getAttribute('role')])
    if (wanted(name, role)) return
  }
  assert.fail('cannot be reached by keyboard')
}
