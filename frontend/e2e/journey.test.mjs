// The way of a new administrator through everything, in both languages: from the link that the first
// start prints to events that arrive over restarts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventLog } from './support/api.mjs'
import { checkAxe } from './support/axe.mjs'
import { openPage, serverAway } from './support/browser.mjs'
import { startHouse } from './support/house.mjs'
import { button, expectTail, field, heading, menu, signIn } from './support/steps.mjs'
import { languages, wordsOf } from './support/words.mjs'

const owner = { username: 'wang.min', password: 'correct horse 9', phone: '13800000001' }
const member = { username: 'li.na', password: 'battery staple 7', phone: '13800000002' }

for (const language of languages) {
  test(`a new administrator's way, ${language}`, async (t) => {
    const w = wordsOf(language)
    const house = await startHouse(t, { registerRole: 'MEMBER' })
    // Tall, so that the tail draws all its rows. The chat has a window of its own: a tab in the background is asleep.
    const page = await openPage(t, { language, height: 2400, allow: serverAway })
    const chat = await openPage(t, { language, allow: serverAway })
    await chat.goto(house.sandbox.page)

    await t.test('the printed link makes the owner', async () => {
      const link = await house.setUpLink()
      const tokenAbout = () => page.evaluate(() => location.href + JSON.stringify(history.state)).then((all) => all.includes('token'))
      const fill = async () => {
        await page.fill('input[name=username]', owner.username)
        await page.fill('input[name=password]', owner.password)
        await page.fill('input[name=phone]', owner.phone)
        await button(page, w('signIn.setUp.submit')).click()
      }
      // A link that is no longer good first; the right one is then opened in the same tab.
      await page.goto(link.replace(/#token=.*/, '#token=former'))
      await heading(page, w('signIn.setUp.title'))
      assert.ok(!(await tokenAbout()), 'the token stays in the address')
      await checkAxe(page, 'set-up')
      await fill()
      const refused = page.getByRole('alert').filter({ hasText: /\S/ })
      await refused.waitFor()
      assert.ok(!(await refused.innerText()).includes(w('shared.problem.advice.forbidden')), 'an owner is to be asked')
      await page.goto(link)
      await refused.waitFor({ state: 'detached' })
      assert.ok(!(await tokenAbout()), 'the second token stays in the address')
      await button(page, w('signIn.setUp.submit')).click()
      await heading(page, w('overview.title'))

      const second = await openPage(t, { language })
      await second.goto(link)
      await second.getByText(w('signIn.setUp.done')).waitFor()
    })

    await t.test('the owner signs in with the code read in the sandbox chat', async () => {
      await page.locator('aside button.who').click()
      await button(page, w('app.signOut')).click()
      await heading(page, w('signIn.title'))
      const codes = chat.locator('#messages .bubble').filter({ hasText: /\d{6}/ })
      await signIn(page, w, owner, async () => {
        await codes.last().waitFor()
        return /\d{6}/.exec(await codes.last().innerText())[0]
      })
      await heading(page, w('overview.title'))
    })

    for (const [kind, message] of Object.entries(messages)) {
      await t.test(`a broadcast is composed and seen in the chat: ${kind}`, async () => {
        await menu(page, w, 'broadcasts.title')
        await page.getByRole('link', { name: w('broadcasts.compose') }).or(button(page, w('broadcasts.compose'))).first().click()
        await heading(page, w('broadcasts.compose'))
        await page.getByRole('checkbox', { name: /^ops/ }).check()
        await button(page, w(`broadcasts.kinds.${kind}`)).click()
        await message.write(page, w)
        await page.locator('button[type=submit]').click()
        await page.waitForURL(/\/broadcasts\/bcst_/)
        await page.getByText(w('broadcasts.statuses.SENT'), { exact: true }).first().waitFor()
        const said = chat.locator(`#messages .bubble.${kind}`).last()
        await said.waitFor()
        for (const words of message.seen) await said.getByText(words).first().waitFor()
      })
    }

    await t.test('an event is pushed and seen live, with its payload', async () => {
      await menu(page, w, 'events.title')
      await page.getByText(w('events.none')).waitFor()
      await page.getByText(w('shared.feed.state.live'), { exact: true }).waitFor()
      await chat.locator('input[name=eventType]').fill('user_add_org')
      await chat.locator('textarea[name=data]').fill('{"userId": ["zhangsan"]}')
      await chat.locator('#event-form button').click()
      await page.getByText(w('events.types.user_add_org'), { exact: true }).waitFor()
      await page.getByRole('option').first().click()
      const payload = page.getByRole('region', { name: w('events.payload') })
      await payload.getByText('"zhangsan"').waitFor()
      await button(page, w('events.close')).click()
    })

    await t.test('the tail goes on over restarts without a gap or a double', async () => {
      const push = pusher(house)
      await push.surely(3)
      for (const end of [() => house.stop(), () => house.kill(), () => house.kill(), () => house.stop()]) {
        const [code] = await Promise.all([end(), push.perhaps(3)])
        assert.ok(code === 0 || code === undefined, `exit code ${code}`)
        await page.getByText(w('app.offline.title')).waitFor()
        await house.start()
        await push.surely(4) // most of them before the page is back
        await page.getByText(w('shared.feed.state.live'), { exact: true }).waitFor()
      }
      const log = (await eventLog(house, await tokenOf(page))).map((event) => event.type)
      for (const type of push.acknowledged) assert.ok(log.includes(type), `${type} was acknowledged and is not in the log`)
      await expectTail(page, log.toReversed())
      assert.ok((await page.locator('.notice.resumed').count()) >= 4, 'the tail says that it went on')
    })

    await t.test('a member sees what is theirs and no admin page', async () => {
      const own = await openPage(t, { language })
      await own.goto(`${house.url}/register`)
      await own.fill('input[name=username]', member.username)
      await own.fill('input[name=password]', member.password)
      await own.fill('input[name=phone]', member.phone)
      await button(own, w('signIn.register.submit')).click()
      await heading(own, w('me.title'))
      const links = await own.getByRole('navigation', { name: w('app.menu') }).getByRole('link').allInnerTexts()
      assert.deepEqual(links.map((link) => link.trim()), [w('me.title')])
      for (const path of ['overview', 'accounts', 'broadcasts', 'broadcasts/new', 'robots', 'events', 'accounts/acct_x']) {
        await own.goto(`${house.url}/${path}`)
        await own.getByText(w('app.forbidden.title')).last().waitFor()
        assert.equal(await own.getByText(owner.username).count(), 0, path)
      }
      await checkAxe(own, 'forbidden')
    })
  })
}

/** What is written for each kind of message, and what must be seen of it in the chat. */
const messages = {
  text: {
    write: (page, w) => field(page, w('broadcasts.content')).fill('今晚 22:00 维护\nsecond line'),
    seen: ['今晚 22:00 维护'],
  },
  markdown: {
    async write(page, w) {
      await field(page, w('broadcasts.messageTitle')).fill('周报')
      await field(page, w('broadcasts.body')).fill('### 本周\n- 发送 **1,204** 条')
    },
    seen: ['本周', '1,204'],
  },
  link: {
    async write(page, w) {
      await field(page, w('broadcasts.messageTitle')).fill('发布说明')
      await field(page, w('broadcasts.linkText')).fill('新增五种消息')
      await field(page, w('broadcasts.url')).fill('https://example.com/notes')
    },
    seen: ['发布说明', '新增五种消息'],
  },
  actionCard: {
    async write(page, w) {
      await field(page, w('broadcasts.messageTitle')).fill('请确认')
      await field(page, w('broadcasts.body')).fill('周六由 **李娜** 值班')
      await field(page, w('broadcasts.buttonTitle')).fill('确认值班')
      await field(page, w('broadcasts.url')).fill('https://example.com/yes')
    },
    seen: ['李娜', '确认值班'],
  },
  feedCard: {
    async write(page, w) {
      for (const n of [1, 2]) {
        const row = page.getByRole('group', { name: w('broadcasts.feedRow', { n }) })
        await field(row, w('broadcasts.messageTitle')).fill(`第 ${n} 篇`)
        await field(row, w('broadcasts.url')).fill(`https://example.com/${n}`)
        await field(row, w('broadcasts.picture')).fill(`https://example.com/${n}.png`)
      }
    },
    seen: ['第 1 篇', '第 2 篇'],
  },
}

const tokenOf = (page) => page.evaluate(() => JSON.parse(sessionStorage.getItem('posthouse.tokens')).accessToken)

/** Pushes events, each of a type of its own, and remembers which were acknowledged. */
function pusher(house) {
  const acknowledged = []
  let number = 0
  const push = async () => {
    const type = `numbered_${String(++number).padStart(4, '0')}`
    if ((await house.sandbox.push(type)).delivered) acknowledged.push(type)
  }
  return {
    acknowledged,
    async surely(count) {
      for (let n = 0; n < count; n++) await push()
    },
    /** At once, while the server is ending. */
    perhaps: (count) => Promise.allSettled(Array.from({ length: count }, push)),
  }
}
