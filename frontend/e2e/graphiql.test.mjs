// GraphiQL as the binary serves it: offline, signed in, with examples that run and subscriptions that live.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkAxe } from './support/axe.mjs'
import { bringSession, openPage, openWindow } from './support/browser.mjs'
import { startHouse } from './support/house.mjs'
import { screenshots } from './support/place.mjs'

// What GraphiQL itself draws is not ours to mend: its tabs hold buttons, its editor is Monaco.
const others = ['.monaco-editor', '.graphiql-tabs', '.graphiql-logo']
const names = { 'zh-CN': { owner: 'owner（OWNER）', use: '使用', paste: '粘贴访问令牌或 skey' }, en: { owner: 'owner (OWNER)', use: 'Use', paste: 'Paste an access token or skey' } }

for (const [language, t] of Object.entries(names)) {
  test(`GraphiQL, ${language}`, async (tt) => {
    const house = await startHouse(tt)
    const owner = await house.makeOwner()
    const stranger = await openPage(tt, { language })
    await stranger.goto(`${house.url}/graphiql`)
    await example(stranger, 'house', 'House')
    await run(stranger)
    await answer(stranger).getByText('"needsOwner"').waitFor()

    await stranger.getByPlaceholder(t.paste).fill(`Bearer ${owner.accessToken}`)
    await stranger.getByRole('button', { name: t.use, exact: true }).click()
    await stranger.getByText(t.owner, { exact: true }).waitFor()
    await example(stranger, 'viewer', 'Viewer')
    await run(stranger)
    await answer(stranger).getByText('"owner"').first().waitFor()
    await picture(stranger, `graphiql-${language}-light`)
    await checkAxe(stranger, 'GraphiQL', others)
    await stranger.emulateMedia({ colorScheme: 'dark' })
    await stranger.locator('.graphiql-query-editor .view-lines').getByText('Viewer').first().waitFor()
    await picture(stranger, `graphiql-${language}-dark`)
    await checkAxe(stranger, 'GraphiQL, dark', others)

    // From the admin app, with its session, whose tokens live for two seconds.
    const hasty = await startHouse(tt, { access: '2s' })
    const context = await openWindow(tt, { language })
    await bringSession(context, await hasty.makeOwner())
    const page = await context.newPage()
    await page.goto(`${hasty.url}/me`)
    await page.locator('aside button.who').click()
    await page.getByRole('link', { name: /GraphiQL/ }).click()
    await page.getByText(t.owner, { exact: true }).waitFor()
    await example(page, 'viewer', 'Viewer')
    const first = await tokenOf(page)
    await expiry(page)
    await run(page)
    await answer(page).getByText('"owner"').first().waitFor()
    assert.notEqual(await tokenOf(page), first, 'a token that had ended was renewed')
    await example(page, 'events', 'CallbackEvents')
    await run(page)
    await page.getByRole('button', { name: /stop/i }).waitFor()
    await hasty.sandbox.push('user_add_org', { userId: ['zhangsan'] })
    await answer(page).getByText('user_add_org').first().waitFor()
    await picture(page, `graphiql-events-${language}-light`)
    await page.getByRole('button', { name: /stop/i }).click()

    await page.locator('.posthouse-bar a').click()
    await page.locator('aside button.who').waitFor() // the admin app goes on with the session
  })
}

const tokenOf = (page) => page.evaluate(() => JSON.parse(sessionStorage.getItem('posthouse.tokens')).accessToken)

/** Waits until the tab's access token has ended. */
const expiry = (page) => page.waitForFunction(() => JSON.parse(sessionStorage.getItem('posthouse.tokens')).expiresAt < Date.now())
const answer = (page) => page.locator('.graphiql-response')
const picture = (page, name) => page.screenshot({ path: `${screenshots}${name}.png`, animations: 'disabled' })

/** Opens an example once the page is ready for it. operation: a word of it. */
async function example(page, task, operation) {
  const editor = page.locator('.graphiql-query-editor .view-lines')
  await editor.first().waitFor()
  await page.locator(`[data-task=${task}]`).click()
  await editor.getByText(operation).first().waitFor()
}

const run = (page) => page.locator('.graphiql-execute-button').click()
