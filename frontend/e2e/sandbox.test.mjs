// The sandbox's page: chats, pushing an event, a WeChat code, the clock, faults.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventLog } from './support/api.mjs'
import { openPage } from './support/browser.mjs'
import { startHouse } from './support/house.mjs'
import { look } from './support/look.mjs'
import { seed } from './support/seed.mjs'
import { until } from './support/wait.mjs'

for (const language of ['zh-CN', 'en']) {
  test(`the sandbox's page, ${language}`, async (t) => {
    const house = await startHouse(t)
    const owner = await house.makeOwner()
    await seed(house, owner)
    const page = await openPage(t, { language })
    await page.goto(house.sandbox.page)
    if (language === 'en') await page.click('#language')
    await page.locator('#messages .bubble').first().waitFor()
    for (const kind of ['text', 'markdown', 'actionCard']) await page.locator(`#messages .bubble.${kind}`).first().waitFor()
    await look(t, page, 'sandbox', language)
    await page.locator('#chat-list button').nth(1).click()
    for (const kind of ['link', 'feedCard', 'markdown']) await page.locator(`#messages .bubble.${kind}`).first().waitFor()
    await look(t, page, 'sandbox-news', language)

    const before = (await eventLog(house, owner.accessToken)).length
    await page.locator('#event-form button').click()
    await until('the event in the log', async () => (await eventLog(house, owner.accessToken)).length === before + 1)
    await until('the answer', async () => (await page.locator('#event-answer').innerText()) !== '')

    for (const summary of await page.locator('aside summary').all()) {
      if (!(await summary.evaluate((one) => one.parentElement.open))) await summary.click()
    }
    await page.locator('#wechat-form button').click()
    const code = await page.locator('#wechat-answer code').first().innerText()
    const { wechatLogin } = await house.ask('mutation($input: WechatLoginInput!) { wechatLogin(input: $input) { created } }', { input: { code } })
    assert.equal(wechatLogin.created, true)
    const clock = await page.locator('#clock').innerText()
    await page.locator('input[name=seconds]').fill('3600')
    await page.locator('#clock-form button').click()
    await until('the clock to say that it is ahead', async () => (await page.locator('#clock').innerText()).length > clock.length)
    await page.locator('#fault-form button:not([type])').click()
    await page.locator('#faults li').waitFor()
    await look(t, page, 'sandbox-office', language)
    await page.locator('#clear-faults').click()
    await page.locator('#faults li').waitFor({ state: 'hidden' })
  })
}
