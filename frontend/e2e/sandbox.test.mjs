// The sandbox's page: group and private chats, talking to the app robot, pushing an event, a WeChat code, the
// clock, faults.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { eventLog } from './support/api.mjs'
import { openPage, serverAway } from './support/browser.mjs'
import { cleanup } from './support/cleanup.mjs'
import { startHouse } from './support/house.mjs'
import { look } from './support/look.mjs'
import { hostile, seed } from './support/seed.mjs'
import { button } from './support/steps.mjs'
import { until } from './support/wait.mjs'
import { languages, wordsOf } from './support/words.mjs'

const chatNamed = (page, name) => page.locator('nav.chats button').filter({ has: page.locator('.title', { hasText: new RegExp(`^${name}$`) }) })
const office = (page, w, part) => page.locator('.office .parts').getByRole('button', { name: w(`sandbox.office.${part}`), exact: true }).click()

/** A program behind the app robot's address, which answers what it hears. */
async function robotProgram(t, say) {
  const heard = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => (body += part))
    request.on('end', async () => {
      const message = JSON.parse(body)
      heard.push(message)
      await fetch(message.sessionWebhook, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(say(message)) })
      response.setHeader('content-type', 'application/json').end('{"msgtype":"empty"}')
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup(t, () => server.close())
  return { url: `http://127.0.0.1:${server.address().port}/hear`, heard }
}

for (const language of languages) {
  test(`the sandbox's page, ${language}`, async (t) => {
    const w = wordsOf(language)
    const house = await startHouse(t)
    const owner = await house.makeOwner()
    await seed(house, owner)
    // Some of what is filled in is refused on purpose.
    const page = await openPage(t, { language, allow: [/status of 400/] })
    await page.goto(house.sandbox.page)

    await t.test('group chats show messages as DingTalk draws them', async () => {
      for (const kind of ['text', 'markdown', 'actionCard']) await page.locator(`#messages .bubble.${kind}`).first().waitFor()
      await page.locator('#messages .dt-mention', { hasText: '@张三' }).waitFor()
      assert.equal(await page.locator('#messages img, #messages script, #messages a[href^="javascript"]').count(), 0)
      await page.locator('#messages').getByText('<script>ran').first().waitFor()
      await chatNamed(page, '公告群').click()
      for (const kind of ['link', 'feedCard', 'markdown']) await page.locator(`#messages .bubble.${kind}`).first().waitFor()
      assert.ok((await page.locator('#messages .bubble.feedCard a').count()) > 0, 'a feed leads somewhere')
    })
    await look(t, page, 'sandbox-news', language)

    await t.test('a new message marks its chat, and its login code can be copied', async () => {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      const robots = await house.sandbox.call('GET', 'robots')
      await house.sandbox.call('POST', 'robots', { name: 'plain', title: 'سلام 🚀 <b>群</b>' })
      const plain = (await house.sandbox.call('GET', 'robots')).find((one) => !robots.some((before) => before.name === one.name))
      const say = (content) => fetch(plain.webhook, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ msgtype: 'text', text: { content }, at: { isAtAll: true } }) })
      await say(`${hostile} 验证码 246813，5 分钟内有效`)
      const chat = page.locator('nav.chats button').filter({ hasText: 'سلام 🚀 <b>群</b>' })
      await chat.locator('.unread').waitFor()
      await until('the title to tell', async () => (await page.title()).startsWith('(1) '))
      await chat.click()
      await chat.locator('.unread').waitFor({ state: 'hidden' })
      await page.locator('#messages .dt-mention', { hasText: `@${w('shared.message.everyone')}` }).waitFor()
      await button(page, w('sandbox.chats.copyCode', { code: '246813' })).click()
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), '246813')
      // What is new stays in sight.
      for (let n = 0; n < 18; n++) await say(`第 ${n} 条\n消息`)
      await page.locator('#messages').getByText('第 17 条').waitFor()
      await until('the end in sight', () => page.locator('#messages').evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 60))
      await page.locator('#messages').evaluate((box) => (box.scrollTop = 0))
      await say('新的一条')
      await button(page, w('sandbox.chats.below', { n: 1 })).click()
      await page.locator('#messages').getByText('新的一条').waitFor()
    })

    await t.test('people talk to the app robot in its group and in private', async () => {
      await chatNamed(page, w('sandbox.chats.appGroup')).click()
      await page.locator('#say-form textarea').first().fill('有人吗')
      await page.keyboard.press('Enter')
      await page.getByText(w('sandbox.say.nobody')).waitFor()
      await page.locator('#messages').getByText('有人吗').waitFor()
      const program = await robotProgram(t, (message) => ({ msgtype: 'markdown', markdown: { title: '请假', text: `**${message.senderNick}**，请看[流程](https://example.com/leave)` } }))
      await page.fill('input[name=robotUrl]', program.url)
      await button(page, w('sandbox.robotAddress.save')).click()
      await page.getByText(w('sandbox.robotAddress.saved')).waitFor()

      await page.selectOption('select[name=who]', 'lisi')
      await page.locator('#say-form textarea').first().fill(`怎么请假？${hostile}`)
      await button(page, w('sandbox.say.send')).click()
      await page.getByText(w('sandbox.say.heard', { status: 200 })).waitFor()
      await page.locator('#messages .bubble.markdown', { hasText: '李四' }).waitFor()

      await page.selectOption('select[name=begin]', 'wangwu')
      await page.locator('#say-form textarea').first().fill('我想请假')
      await page.keyboard.press('Enter')
      await page.locator('#messages .bubble.markdown', { hasText: '王五' }).waitFor()
      assert.deepEqual(
        program.heard.map((message) => [message.conversationType, message.senderStaffId]),
        [['2', 'lisi'], ['1', 'wangwu']],
      )
    })
    await t.test('the app robot writes to single people', async () => {
      const { dingtalk } = await house.sandbox.call('GET', 'credentials')
      const ask = async (path, body, headers = {}) =>
        (await fetch(house.sandbox.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })).json()
      const { accessToken } = await ask('/v1.0/oauth2/accessToken', { appKey: dingtalk.appKey, appSecret: dingtalk.appSecret })
      const message = { title: '年假提醒', text: '### 年假提醒\n您还有 **3** 天年假', singleTitle: '去申请', singleURL: 'https://example.com/apply' }
      const body = { robotCode: dingtalk.robotCode, userIds: ['lisi', 'zhaoliu'], msgKey: 'sampleActionCard', msgParam: JSON.stringify(message) }
      await ask('/v1.0/robot/oToMessages/batchSend', body, { 'x-acs-dingtalk-access-token': accessToken })
      await chatNamed(page, '李四').locator('.unread').waitFor()
      await chatNamed(page, '赵六').click()
      await page.locator('#messages .bubble.actionCard a', { hasText: '去申请' }).waitFor()
      await chatNamed(page, '王五').click()
    })
    await look(t, page, 'sandbox-private', language)
    await chatNamed(page, '值班群').click()
    // From here on a narrow window shows the controls.
    await page.setViewportSize({ width: 360, height: 740 })
    await page.locator('.halves').getByRole('button', { name: w('sandbox.halves.office') }).click()
    await page.setViewportSize({ width: 1360, height: 860 })

    await t.test('an event is pushed by form, with every digit of its numbers', async () => {
      const before = (await eventLog(house, owner.accessToken)).length
      await page.fill('input[name=eventType]', 'bpms_task_change')
      assert.match(await page.locator('textarea[name=data]').inputValue(), /9007199254740993/)
      await page.fill('textarea[name=data]', '{\n  "taskId": 9007199254740993123\n  "x": 1\n}')
      await page.getByText(w('sandbox.json.at', { line: 3, column: 3, mistake: w('sandbox.json.comma') })).waitFor()
      await page.locator('#event-form button').click()
      await page.fill('textarea[name=data]', '{\n  "taskId": 9007199254740993123,\n  "x": 1\n}')
      await page.locator('#event-form button').click()
      await page.locator('#event-answer').getByText(w('sandbox.push.delivered')).waitFor()
      await until('the event in the log', async () => (await eventLog(house, owner.accessToken)).length === before + 1)
    })

    await t.test('an address that takes no events is told apart', async () => {
      await page.locator('details summary', { hasText: w('sandbox.callback.change') }).click()
      const url = await page.locator('#callback-form input[name=url]').inputValue()
      assert.match(url, /\/callbacks\/dingtalk\/sandbox$/)
      await page.fill('#callback-form input[name=url]', 'ftp://example.com')
      await button(page, w('sandbox.callback.register')).click()
      await page.getByText(w('sandbox.refused.url')).waitFor()
      await page.fill('#callback-form input[name=url]', `${url}-no`)
      await button(page, w('sandbox.callback.register')).click()
      await page.getByText(w('sandbox.push.why.status')).waitFor()
      await page.locator('.office').getByText(`${url}-no`, { exact: true }).waitFor()
    })
    await look(t, page, 'sandbox', language)
    await t.test('the address is put right again', async () => {
      const url = await page.locator('#callback-form input[name=url]').inputValue()
      await page.fill('#callback-form input[name=url]', url.replace(/-no$/, ''))
      await button(page, w('sandbox.callback.register')).click()
      await page.getByText(w('sandbox.push.why.status')).waitFor({ state: 'hidden' })
    })

    await t.test('a WeChat code signs somebody in', async () => {
      await office(page, w, 'codes')
      await page.fill('#wechat-form input[name=phone]', 'abc')
      await button(page, w('sandbox.wechat.get')).click()
      await page.getByText(w('sandbox.refused.phone')).waitFor()
      await page.fill('#wechat-form input[name=phone]', '13912345678')
      await button(page, w('sandbox.wechat.get')).click()
      const code = await page.locator('#wechat-answer code').first().innerText()
      const { wechatLogin } = await house.ask('mutation($input: WechatLoginInput!) { wechatLogin(input: $input) { created } }', { input: { code } })
      assert.equal(wechatLogin.created, true)
      await button(page, w('sandbox.keys.copy', { name: w('sandbox.wechat.code') })).click()
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), code)
    })
    await look(t, page, 'sandbox-codes', language)

    await t.test('the clock is moved', async () => {
      await office(page, w, 'clock')
      await button(page, `+${w('sandbox.clock.hours', { n: 2 })}`).click()
      await page.locator('#clock').getByText(w('sandbox.clock.ahead', { time: w('sandbox.clock.hours', { n: 2 }) })).waitFor()
      await page.fill('input[name=minutes]', '-1')
      await button(page, w('sandbox.clock.move')).click()
      await page.getByText(w('sandbox.clock.bad')).waitFor()
      await page.fill('input[name=minutes]', '60')
      await button(page, w('sandbox.clock.move')).click()
      await page.locator('#clock').getByText(w('sandbox.clock.ahead', { time: w('sandbox.clock.hours', { n: 3 }) })).waitFor()
    })
    await look(t, page, 'sandbox-clock', language)

    await t.test('faults are made and ended', async () => {
      await office(page, w, 'faults')
      await page.getByText(w('sandbox.faults.none')).waitFor()
      await button(page, w('sandbox.faults.add')).click()
      await page.locator('#faults li').waitFor()
      await page.fill('#fault-form input[name=path]', '/gettoken')
      await page.selectOption('#fault-form select[name=kind]', 'errcode')
      await page.fill('#fault-form input[name=times]', '0')
      await button(page, w('sandbox.faults.add')).click()
      await until('two faults', async () => (await house.sandbox.call('GET', 'faults')).length === 2)
      assert.equal((await (await fetch(`${house.sandbox.url}/gettoken?appkey=x&appsecret=y`)).json()).errcode, -1)
    })
    await look(t, page, 'sandbox-faults', language)
    await t.test('faults are ended, one and all', async () => {
      await button(page, w('sandbox.faults.endOne', { path: '/gettoken' })).click()
      await until('one fault', async () => (await page.locator('#faults li').count()) === 1)
      await page.locator('#clear-faults').click()
      await page.getByText(w('sandbox.faults.none')).waitFor()
      assert.deepEqual(await house.sandbox.call('GET', 'faults'), [])
      await office(page, w, 'keys')
      const { dingtalk } = await house.sandbox.call('GET', 'credentials')
      await page.getByText(dingtalk.appSecret, { exact: true }).waitFor()
    })
    await look(t, page, 'sandbox-keys', language)
  })
}

test('the page says that the sandbox is gone, and goes on when it is back', async (t) => {
  const w = wordsOf('zh-CN')
  const house = await startHouse(t)
  const page = await openPage(t, { allow: serverAway })
  await page.goto(house.sandbox.page)
  await page.getByText(w('sandbox.chats.emptyGroup')).waitFor()
  await page.fill('input[name=eventType]', 'typed_before')
  await house.stop()
  await page.getByText(w('sandbox.away.title')).waitFor()
  await page.locator('#event-form button').click()
  await page.getByText(w('shared.problem.unreachable')).waitFor()
  await house.start()
  await page.getByText(w('sandbox.away.title')).waitFor({ state: 'hidden' })
  assert.equal(await page.inputValue('input[name=eventType]'), 'typed_before')
  await page.locator('#event-form button').click()
  await page.locator('#event-answer').getByText(w('sandbox.push.delivered')).waitFor()
})

test('the page can be used by keyboard and speaks the other language when asked', async (t) => {
  const zh = wordsOf('zh-CN')
  const en = wordsOf('en')
  const house = await startHouse(t)
  const page = await openPage(t)
  await page.goto(house.sandbox.page)
  await chatNamed(page, '公告群').focus()
  await page.keyboard.press('Enter')
  assert.equal(await chatNamed(page, '公告群').getAttribute('aria-current'), 'true')
  await button(page, 'English').click()
  await page.getByText(en('sandbox.chats.emptyGroup')).waitFor()
  await page.reload()
  await page.getByText(en('sandbox.chats.emptyGroup')).waitFor()
  await button(page, en('shared.theme.dark')).click()
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
  await button(page, '中文').click()
  await page.getByText(zh('sandbox.chats.emptyGroup')).waitFor()
})
