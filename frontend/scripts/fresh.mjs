// Fails when src/shared/gql is not what the schema and the documents give.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

const folder = 'src/shared/gql'
const print = () =>
  readdirSync(folder)
    .sort()
    .map((name) => `${name} ${createHash('sha256').update(readFileSync(`${folder}/${name}`)).digest('hex')}`)
    .join('\n')

const before = print()
execFileSync('npm', ['run', '--silent', 'codegen'], { stdio: ['ignore', 'ignore', 'inherit'] })
if (print() !== before) {
  console.error(`${folder} was not up to date; it is now: commit it`)
  process.exit(1)
}
