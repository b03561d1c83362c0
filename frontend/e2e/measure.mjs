// Measures the admin app in Chromium and writes the table of docs/performance.md: `npm run e2e:measure`.
// What comes out depends on the machine and on what else it does, so nothing here passes or fails.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { after, test } from 'node:test'
import { bringSession, openWindow } from './support/browser.mjs'
import { startHouse } from './support/house.mjs'
import { filler, frontend, root } from './support/place.mjs'
import { platformOf } from './support/platform.mjs'
import { button, heading } from './support/steps.mjs'
import { wordsOf } from './support/words.mjs'

const w = wordsOf('en')
const rows = []
const note = (what, budget, measured) => {
  rows.push([what, budget, measured])
  console.log(`${what}: ${measured}${budget ? ` (budget ${budget})` : ''}`)
}
const ms = (value) => `${Math.round(value)} ms`
const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

test('first load', () => {
  const out = execFileSync('node', ['scripts/size.mjs'], { cwd: frontend, encoding: 'utf8' })
  note('JavaScript of the first load, gzip', '≤ 300 KiB', /([\d.]+ KiB)\s+in all/.exec(out)[1])
})

test('start of the server', async (t) => {
  const house = await startHouse(t)
  await house.makeOwner()
  const served = []
  for (let n = 0; n < 9; n++) {
    await house.stop()
    const start = performance.now()
    await house.start()
    const page = await fetch(`${house.url}/`, { headers: { accept: 'text/html' } })
    await page.text()
    served.push(performance.now() - start)
  }
  note('start of the server on an existing database until the page is served, median of 9', '< 200 ms', ms(middle(served)))
  note('the same, slowest of 9', '', ms(Math.max(...served)))
})

test('first paint', async (t) => {
  const house = await startHouse(t)
  await house.makeOwner()
  const painted = []
  for (let n = 0; n < 5; n++) {
    const page = await (await openWindow(t, { language: 'en' })).newPage()
    await page.goto(`${house.url}/sign-in`)
    await heading(page, w('signIn.title'))
    painted.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.now()))
    await page.context().close()
  }
  note('sign-in page, empty cache, until something is painted, median of 5', '', ms(middle(painted)))
})

test('live tail', async (t) => {
  const house = await startHouse(t)
  const owner = await house.makeOwner()
  const context = await openWindow(t, { language: 'en' })
  await bringSession(context, owner)
  const page = await context.newPage()
  await page.goto(`${house.url}/events`)
  await page.getByText(w('shared.feed.state.live'), { exact: true }).waitFor()
  const { push } = await platformOf(house)
  await push('warm_up')
  await page.getByText('warm_up').first().waitFor()
  await page.evaluate(() => {
    window.long = []
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' })
    window.frames = []
    let last = performance.now()
    const frame = (now) => {
      window.frames.push(now - last)
      last = now
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })
  const seconds = 8
  const { sent, rate } = await stream(push, 500, seconds)
  const stopped = performance.now()
  await push('the_last')
  await page.getByText('the_last').first().waitFor()
  const behind = performance.now() - stopped
  const { long, frames, nodes } = await page.evaluate(() => ({ long: window.long, frames: window.frames, nodes: document.querySelectorAll('*').length }))
  note(`events pushed into the live tail within ${seconds} s`, '500/s', `${sent}, ${Math.round(rate)}/s`)
  note('tasks of the page longer than 100 ms meanwhile', '0', String(long.filter((one) => one > 100).length))
  note('longest task of the page', '≤ 100 ms', long.length > 0 ? ms(Math.max(...long)) : 'under 50 ms')
  note('frames: median, slowest', '', `${ms(middle(frames))}, ${ms(Math.max(...frames))}`)
  note('from the last push until it is seen', '', ms(behind))
  note('elements of the page at the end', '', String(nodes))
})

test('100,000 accounts', async (t) => {
  const house = await startHouse(t)
  const owner = await house.makeOwner()
  execFileSync(filler, [house.data, '100000'])
  const context = await openWindow(t, { language: 'en' })
  await bringSession(context, owner)
  const page = await context.newPage()
  await page.goto(`${house.url}/accounts`)
  const shows = (name) => page.getByRole('link', { name, exact: true }).waitFor()
  await shows('person.099999')
  const last = await page.getByRole('row').last().getByRole('link').innerText()
  let start = performance.now()
  await button(page, w('shared.pager.next')).click()
  await page.getByRole('link', { name: last, exact: true }).waitFor({ state: 'hidden' })
  note('100,000 accounts: the next page, click to seen', '', ms(performance.now() - start))
  start = performance.now()
  await page.getByPlaceholder(w('accounts.search')).fill('person.00')
  await shows('person.000000')
  note('100,000 accounts: a search, typed to seen (250 ms of it wait for more typing)', '', ms(performance.now() - start))
})

test('a large event', async (t) => {
  const house = await startHouse(t)
  const owner = await house.makeOwner()
  const context = await openWindow(t, { language: 'en' })
  await bringSession(context, owner)
  const page = await context.newPage()
  const { push } = await platformOf(house)
  await push('large', { members: Array.from({ length: 11_500 }, (_, n) => ({ userId: `person${n}`, name: '员工'.repeat(4), n })) })
  await page.goto(`${house.url}/events`)
  await page.getByRole('option').first().waitFor()
  const start = performance.now()
  await page.getByRole('option').first().click()
  await page.getByText('"person0"').waitFor()
  note('an event of the largest size taken (1 MiB as pushed), click to seen', '', ms(performance.now() - start))
})

after(() => {
  const path = `${root}docs/performance.md`
  const text = readFileSync(path, 'utf8')
  const table = ['| what | budget | measured |', '|---|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n')
  const machine = `Measured on ${cpus().length} cores (${cpus()[0].model.trim()}), Node ${process.versions.node}, Chromium on the same machine.`
  writeFileSync(path, text.replace(/(<!-- measured -->\n)[^]*(\n<!-- end -->)/, `$1${machine}\n\n${table}$2`))
})

/** Pushes so many events a second for so many seconds, as evenly as this machine can. */
async function stream(push, perSecond, seconds) {
  const start = performance.now()
  const end = start + seconds * 1000
  let sent = 0
  const under = new Set()
  while (performance.now() < end) {
    const due = Math.floor(((performance.now() - start) / 1000) * perSecond)
    while (sent < due && under.size < 64) {
      const one = push('user_add_org', { userId: [`person${sent}`], note: 'x'.repeat(200) }).finally(() => under.delete(one))
      under.add(one)
      sent++
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(under)
  return { sent, rate: sent / ((performance.now() - start) / 1000) }
}
