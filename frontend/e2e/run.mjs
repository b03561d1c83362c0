// Builds what the browser tests drive and runs them: `npm run e2e`, or some of them with
// `npm run e2e -- journey graphiql`; `npm run e2e:measure` measures instead. The admin app must have been built before (`npm run build`).
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { binary, filler, frontend, root } from './support/place.mjs'

if (!existsSync(`${frontend}dist/index.html`)) {
  console.error('the admin app is not built: npm run build')
  process.exit(1)
}

const build = (output, packagePath) =>
  execFileSync('go', ['build', '-buildvcs=false', '-o', output, packagePath], { cwd: root, stdio: 'inherit', env: { ...process.env, CGO_ENABLED: '0' } })
build(binary, './server/cmd/posthouse')
build(filler, './internal/e2e/manyaccounts')

const wanted = process.argv.slice(2)
const folder = `${frontend}e2e/`
const files = readdirSync(folder)
  .filter((name) => (wanted.length === 0 ? name.endsWith('.test.mjs') : wanted.some((one) => name.startsWith(one))))
  .map((name) => folder + name)
const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=2', '--test-reporter=spec', ...files], { stdio: 'inherit' })
process.exit(status ?? 1)
