// A Posthouse with its sandbox, as a process that is started, stopped and killed as its users do.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask } from './api.mjs'
import { binary } from './place.mjs'
import { sandboxAt } from './sandbox.mjs'
import { cleanup } from './cleanup.mjs'
import { patience } from './wait.mjs'

// Limits that stand in the way of many sign-ins from one address are off, and passwords are cheap.
const config = ({ registerRole, access }) => `
login: { register_role: ${registerRole}, register_per_address: -1, failures_per_account: -1, failures_per_address: -1 }
otp: { per_account: -1, per_destination_hour: -1, per_destination_day: -1, per_address: -1 }
passwords: { memory_kib: 8192, time: 1 }
${access ? `sessions: { access: ${access} }` : ''}
`

/**
 * Starts a Posthouse on a data folder of its own; it is killed when the test has ended. registerRole: what
 * those who register become. access: how long an access token is good for, such as "2s". sandbox: false leaves
 * the sandbox out, and with it the robot that sends codes.
 */
export async function startHouse(t, { registerRole = 'ADMIN', access, prepare, sandbox = true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'posthouse-browser-'))
  const settings = join(folder, 'posthouse.yaml')
  writeFileSync(settings, config({ registerRole, access }))
  const house = new House(folder, settings, await freePort(), sandbox ? await freePort() : null)
  cleanup(t, async () => {
    await house.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  await prepare?.(join(folder, 'data'))
  await house.start()
  return house
}

class House {
  #process = null
  #ended = null
  #setUpToken = null

  constructor(folder, settings, port, sandboxPort) {
    this.folder = folder
    this.data = join(folder, 'data')
    this.settings = settings
    this.url = `http://127.0.0.1:${port}`
    this.sandbox = sandboxPort && sandboxAt(`http://127.0.0.1:${sandboxPort}`)
    this.stdout = ''
    this.stderr = ''
  }

  /** Starts it (again, on the same addresses and data) and waits until it serves. */
  async start() {
    this.stdout = ''
    this.stderr = ''
    const args = ['serve', '--config', this.settings, '--data', this.data, '--listen', host(this.url)]
    args.push('--log-format', 'json')
    if (this.sandbox) args.push('--sandbox', '--sandbox-listen', host(this.sandbox.url))
    const started = performance.now()
    const child = spawn(binary, args, { cwd: this.folder, env: { PATH: process.env.PATH, HOME: this.folder, TMPDIR: tmpdir() } })
    this.#process = child
    this.#ended = once(child, 'exit')
    child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text))
    await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the server does not come up:\n${this.stdout}${this.stderr}`)), patience)
      child.on('error', reject)
      child.on('exit', (code) => {
        clearTimeout(late)
        reject(new Error(`the server ended with ${code}:\n${this.stderr}`))
      })
      child.stdout.setEncoding('utf8').on('data', (text) => {
        this.stdout += text
        if (!/管理 Admin +http\S+\n/.test(this.stdout) || (this.sandbox && !/Sandbox http\S+\n/.test(this.stdout))) return
        clearTimeout(late)
        resolve()
      })
    })
    /** Milliseconds from the start of the process to the line that says where the admin app is. */
    this.startedIn = performance.now() - started
  }

  /** Ends it as service managers do and gives its exit code. */
  async stop() {
    this.#process.kill('SIGTERM')
    const [code] = await this.#ended
    return code
  }

  /** Ends it as a power cut would. */
  async kill() {
    if (!this.#process) return
    this.#process.kill('SIGKILL')
    await this.#ended
  }

  /** Makes it hang, as a machine out of memory or a network that swallows packets does: nothing is refused. */
  freeze() {
    this.#process.kill('SIGSTOP')
  }

  thaw() {
    this.#process.kill('SIGCONT')
  }

  /** The set-up link that the server printed, as a person copies it from the terminal. */
  async setUpLink() {
    const end = performance.now() + patience
    for (;;) {
      const found = /http:\/\/\S+\/setup#token=\S+/.exec(this.stdout)
      if (found) return found[0]
      if (performance.now() > end) throw new Error(`no set-up link was printed:\n${this.stdout}`)
      await Promise.race([once(this.#process.stdout, 'data'), this.#ended])
    }
  }

  /** Makes the owner without a browser, and gives the session. */
  async makeOwner(input = { username: 'owner', password: 'correct horse 9', phone: '13800000001' }) {
    this.#setUpToken ??= new URL(await this.setUpLink()).hash.replace('#token=', '')
    const { setUpOwner } = await this.ask(
      'mutation($input: SetUpOwnerInput!) { setUpOwner(input: $input) { session { accessToken refreshToken expiresAt } account { id username } } }',
      { input: { ...input, token: this.#setUpToken } },
    )
    return { ...setUpOwner.session, ...setUpOwner.account, ...input, id: setUpOwner.account.id }
  }

  /** Registers somebody without a browser, and gives the session. */
  async register(input, headers = {}) {
    const { register } = await this.ask(
      'mutation($input: RegisterInput!) { register(input: $input) { session { accessToken refreshToken expiresAt } account { id username } } }',
      { input },
      { headers },
    )
    return { ...register.session, ...register.account, ...input, id: register.account.id }
  }

  /** Asks the API as a program does; fails on errors. */
  ask(query, variables = {}, options = {}) {
    return ask(this.url, query, variables, options)
  }
}

const host = (url) => new URL(url).host

/**
 * A free port that no outgoing connection takes while the server is away: those get theirs from above
 * 32768.
 */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const free = await new Promise((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (free) return port
  }
}
