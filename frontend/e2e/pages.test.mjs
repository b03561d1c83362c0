// Every page, in both languages: axe has nothing to say in light and dark, nothing is cut off in a narrow
// window, and pictures of all of it are left in .tmp/screenshots/browser for somebody to look at.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bringSession, openPage, openWindow, serverAway } from './support/browser.mjs'
import { startHouse } from './support/house.mjs'
import { look } from './support/look.mjs'
import { seed } from './support/seed.mjs'
import { button, field } from './support/steps.mjs'
import { languages, wordsOf } from './support/words.mjs'

describe('pages', { concurrency: languages.length }, () => {
  for (const language of languages) {
    test(language, (t) => walk(t, language))
    test(`without a way for codes, ${language}`, (t) => withoutCodes(t, language))
  }
})

/** Whoever makes the owner of a server that cannot send codes is told before and after. */
async function withoutCodes(t, language) {
  const w = wordsOf(language)
  const house = await startHouse(t, { sandbox: false })
  const page = await openPage(t, { language })
  const told = async (name) => {
    await page.getByRole('note').getByText('login: { factors: [PASSWORD] }', { exact: true }).waitFor()
    await look(t, page, name, language)
  }
  await page.goto(`${house.url}/sign-in`)
  await told('sign-in-no-codes')
  await page.goto(await house.setUpLink())
  await told('set-up-no-codes')
  await page.fill('input[name=username]', 'owner')
  await page.fill('input[name=password]', 'correct horse 9')
  await page.fill('input[name=phone]', '13800000001')
  await button(page, w('signIn.setUp.submit')).click()
  await page.getByText(w('overview.kinds.NO_OTP_CHANNEL'), { exact: true }).waitFor()
}

async function walk(t, language) {
  const w = wordsOf(language)
  const house = await startHouse(t)
  const stranger = await openPage(t, { language })
  const lookAt = (page, name) => look(t, page, name, language)

  await stranger.goto(await house.setUpLink())
  await stranger.locator('input[name=phone]').waitFor()
  await lookAt(stranger, 'set-up')
  await stranger.goto(`${house.url}/sign-in`)
  await stranger.getByText(w('signIn.needsOwner')).waitFor()
  await lookAt(stranger, 'sign-in')

  const owner = await house.makeOwner()
  const { broadcasts, account } = await seed(house, owner)

  await stranger.goto(`${house.url}/register`)
  await stranger.fill('input[name=username]', 'li.na')
  await stranger.fill('input[name=password]', 'correct horse 9')
  await stranger.fill('input[name=phone]', '13800000099')
  await stranger.click('button[type=submit]')
  await stranger.locator('[aria-invalid=true]').waitFor()
  await lookAt(stranger, 'register')
  await stranger.goto(`${house.url}/sign-in`)
  await stranger.fill('input[name=username]', 'owner')
  await stranger.fill('input[name=password]', 'correct horse 9')
  await stranger.click('button[type=submit]')
  await stranger.locator('input[name=code]').waitFor()
  await lookAt(stranger, 'code')

  const context = await openWindow(t, { language, allow: serverAway })
  await bringSession(context, owner)
  const page = await context.newPage()
  const visit = async (path, name, ready) => {
    await page.goto(`${house.url}/${path}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await ready?.()
    await lookAt(page, name)
  }
  const seen = (text) => page.getByText(text, { exact: true }).first().waitFor()

  await visit('overview', 'overview', () => page.locator('main svg path').last().waitFor())
  await button(page, w('overview.table')).click()
  await page.locator('table').first().waitFor()
  await lookAt(page, 'overview-table')
  await visit('accounts', 'accounts', () => seen('li.na'))
  await visit('accounts?q=nobody', 'accounts-none')
  await visit(`accounts/${account('li.na')}`, 'account', () => page.locator('table').first().waitFor())
  await button(page, w('accounts.suspend')).click()
  await page.getByRole('dialog').waitFor()
  await lookAt(page, 'account-suspend')
  await visit(`accounts/${account('sun.yan')}`, 'account-suspended', () => seen(w('accounts.suspendedAt')))
  const admin = await openWindow(t, { language })
  await bringSession(admin, await house.register({ username: 'wu.min', password: 'correct horse 9', phone: '13800000098' }))
  const admins = await admin.newPage()
  await admins.goto(`${house.url}/accounts/${owner.id}`)
  await admins.getByText(w('accounts.standing.owner')).waitFor() // what the server would refuse is not offered
  await admins.locator('table').first().waitFor()
  assert.equal(await button(admins, w('accounts.suspend')).count(), 0)
  assert.equal(await admins.getByRole('main').getByRole('button', { name: w('shared.session.end') }).count(), 0)
  await lookAt(admins, 'account-of-owner')
  await visit('robots', 'robots', () => seen('ops'))
  await button(page, w('robots.editLabel', { name: 'news' })).click()
  await page.getByRole('dialog').waitFor()
  await lookAt(page, 'robot-edit')
  await page.reload()
  // Without this robot nobody could sign in.
  await button(page, w('robots.editLabel', { name: 'ops' })).click()
  await page.getByLabel(w('robots.name'), { exact: true }).fill('值班机器人')
  await button(page, w('robots.save')).click()
  await page.locator('[aria-invalid=true]').waitFor()
  await page.getByRole('dialog').getByText('login.factors').waitFor()
  await lookAt(page, 'robot-rename-refused')
  await page.reload()
  await seen('ops')
  await button(page, w('robots.deleteLabel', { name: 'ops' })).click()
  await page.getByRole('dialog').getByRole('button', { name: w('robots.delete'), exact: true }).click()
  await page.getByRole('dialog').getByRole('alert').getByText('login.factors').waitFor()
  await lookAt(page, 'robot-delete-refused')
  await visit('broadcasts', 'broadcasts', () => page.locator('table').first().waitFor())
  for (const [kind, id] of Object.entries(broadcasts)) {
    await visit(`broadcasts/${id}`, `broadcast-${kind}`, () => page.getByRole('heading', { level: 2 }).first().waitFor())
  }
  await visit('broadcasts/new', 'compose')
  await page.getByRole('checkbox', { name: /^ops/ }).check()
  for (const [kind, fill] of Object.entries(written(page, w))) {
    await button(page, w(`broadcasts.kinds.${kind}`)).click()
    await fill()
    await lookAt(page, `compose-${kind}`)
  }
  await button(page, w('broadcasts.clear')).click()
  await button(page, w('broadcasts.later')).click()
  await page.locator('button[type=submit]').click()
  await page.locator('[aria-invalid=true]').first().waitFor()
  await lookAt(page, 'compose-faults')
  await visit('events', 'events', () => seen('check_in'))
  await page.getByRole('option').nth(1).click()
  await page.getByRole('region', { name: w('events.payload') }).waitFor()
  await lookAt(page, 'events-payload')
  await button(page, w('events.pause')).click()
  await lookAt(page, 'events-paused')
  await visit('events?types=nothing', 'events-none', () => seen(w('events.noMatch')))
  await visit('me', 'me', () => page.locator('table').first().waitFor())
  await page.locator('aside button.who').click()
  await lookAt(page, 'account-menu')
  await visit('no/such/page', 'not-found')

  await visit('robots', 'robots-again', () => seen('ops'))
  await house.kill()
  await page.getByText(w('app.offline.title')).waitFor()
  await lookAt(page, 'offline')
}

/** Writes a message of each kind, as people do. */
function written(page, w) {
  const fill = (label, text, nth = 0) => field(page, w(label)).nth(nth).fill(text)
  return {
    text: async () => {
      await fill('broadcasts.content', '今晚 22:00–23:00 机房例行维护，期间登录可能短暂中断。\n有问题请找 @13800000001')
      await page.getByLabel(w('broadcasts.mentionPhones')).fill('13800000001')
      await page.keyboard.press('Enter')
    },
    markdown: async () => {
      await fill('broadcasts.messageTitle', '本周周报')
      await fill('broadcasts.body', '### 本周周报\n> 11 月 16 日 – 11 月 22 日\n\n- 共发送 **1,204** 条，失败 *3* 条\n- 新增账号 12 个\n\n1. 看[详情](https://example.com/weekly)\n2. 回复本消息')
    },
    link: async () => {
      await fill('broadcasts.messageTitle', 'Posthouse 1.0 发布说明')
      await fill('broadcasts.linkText', '支持钉钉与微信小程序登录、群机器人广播、事件订阅，附升级步骤与常见问题。')
      await fill('broadcasts.url', 'https://example.com/release')
      await page.getByLabel(w('broadcasts.picture')).fill('https://example.com/release.png')
    },
    actionCard: async () => {
      await fill('broadcasts.messageTitle', '请确认值班安排')
      await fill('broadcasts.body', '## 值班安排\n本周六由 **李娜** 值班，请确认。')
      await button(page, w('broadcasts.severalButtons')).click()
      await button(page, w('broadcasts.horizontal')).click()
      for (const [at, title] of ['确认', '换班'].entries()) {
        if ((await field(page, w('broadcasts.buttonNumber', { n: at + 1 })).count()) === 0) await button(page, w('broadcasts.addButton')).click()
        await field(page, w('broadcasts.buttonNumber', { n: at + 1 })).fill(title)
        await fill('broadcasts.url', `https://example.com/${at}`, at)
      }
    },
    feedCard: async () => {
      for (const [at, title] of ['三分钟看懂新后台', '如何添加一个群机器人', '常见问题'].entries()) {
        if ((await page.locator('fieldset.feed').count()) <= at) await button(page, w('broadcasts.addRow')).click()
        await fill('broadcasts.messageTitle', title, at)
        await fill('broadcasts.url', `https://example.com/${at}`, at)
        await fill('broadcasts.picture', `https://example.com/${at}.png`, at)
      }
    },
  }
}
