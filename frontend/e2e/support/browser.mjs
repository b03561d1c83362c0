// Chromium, and what every page must keep to: no request leaves this machine, nothing fails unheard, and
// nothing that was shown as text runs.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { chromium } from 'playwright-core'
import { cleanup } from './cleanup.mjs'
import { patience } from './wait.mjs'

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Belt and braces: a name would not even be looked up.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
]

let launching

/** One browser serves a whole file. */
function browser() {
  launching ??= chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags })
  return launching
}

after(async () => (await launching)?.close())

/**
 * Opens a window of its own: a new person at a new browser. skew: by how many milliseconds its clock is
 * wrong. allow: messages of the console that the test brings about on purpose. When the test ends, it fails
 * on whatever went wrong in the window.
 */
export async function openWindow(t, { language = 'zh-CN', theme = 'light', width = 1360, height = 860, skew = 0, allow = [] } = {}) {
  const context = await (
    await browser()
  ).newContext({ viewport: { width, height }, locale: language, timezoneId: 'Asia/Shanghai', colorScheme: theme, reducedMotion: 'reduce' })
  context.setDefaultTimeout(patience)
  const problems = []
  const ran = []
  await context.exposeFunction('ran', (what) => void ran.push(String(what)))
  if (skew) await context.addInitScript(turnClock, skew)
  context.on('request', (request) => {
    if (!isHere(request.url())) problems.push(`a request left: ${request.url()}`)
  })
  context.on('page', (page) => watch(page, problems, allow))
  cleanup(t, async () => {
    await context.close()
    assert.deepEqual(ran, [], 'text was run as a script')
    assert.deepEqual(problems, [], 'something went wrong in the browser')
  })
  return context
}

/** Opens a page in a window. */
export const openPage = async (t, options) => (await openWindow(t, options)).newPage()

function watch(page, problems, allow) {
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.stack ?? error}`))
  page.on('websocket', (socket) => {
    if (!isHere(socket.url())) problems.push(`a socket left: ${socket.url()}`)
  })
  page.on('dialog', (dialog) => {
    problems.push(`a dialog opened: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return
    if (allow.some((pattern) => pattern.test(message.text()))) return
    problems.push(`${message.type()} on ${page.url()}: ${message.text()} ${message.location().url}`)
  })
}

/** What a browser says while the server is away. */
export const serverAway = [/ERR_CONNECTION_REFUSED/, /ERR_CONNECTION_RESET/, /ERR_EMPTY_RESPONSE/, /ERR_SOCKET_NOT_CONNECTED/, /WebSocket connection to .* failed/]

function isHere(url) {
  const { protocol, hostname } = new URL(url)
  return hostname === '127.0.0.1' || protocol === 'data:' || protocol === 'blob:' || protocol === 'about:'
}

// Runs in the page before anything else.
function turnClock(skew) {
  const Real = Date
  const now = () => Real.now() + skew
  globalThis.Date = class extends Real {
    constructor(...args) {
      if (args.length === 0) super(now())
      else super(...args)
    }
    static now() {
      return now()
    }
  }
}

/** Lets a window begin signed in with a session that was made without it. */
export async function bringSession(context, { accessToken, refreshToken, expiresAt }) {
  const ends = Date.parse(expiresAt)
  const tokens = { accessToken, refreshToken, expiresAt: ends, renewAt: ends - 60_000, family: refreshToken.slice(-12), generation: 1, retryKey: `${refreshToken.slice(-20)}-retry` }
  await context.addInitScript((text) => {
    if (window.location.protocol !== 'http:') return
    if (sessionStorage.getItem('posthouse.tokens') === null && !sessionStorage.getItem('brought')) sessionStorage.setItem('posthouse.tokens', text)
    sessionStorage.setItem('brought', 'yes')
  }, JSON.stringify(tokens))
}
