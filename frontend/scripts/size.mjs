// Fails when the JavaScript that a first visit loads weighs more than the budget. Counted is the entry,
// everything it imports statically, and the larger of the two languages, as the page cannot start
// without one; lazy pages are listed, not counted.
import { readFileSync, readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const budget = 300 * 1024
const html = readFileSync('dist/index.html', 'utf8')
const size = (file) => gzipSync(readFileSync(`dist/assets/${file}`), { level: 9 }).length
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`.padStart(10)

const first = new Set()
const follow = (file) => {
  if (first.has(file)) return
  first.add(file)
  const code = readFileSync(`dist/assets/${file}`, 'utf8')
  for (const [, name] of code.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) follow(name)
}
for (const [, name] of html.matchAll(/(?:src|href)="\.\/assets\/([\w.-]+\.js)"/g)) follow(name)

const all = readdirSync('dist/assets').filter((name) => name.endsWith('.js'))
const languages = all.filter((name) => /^(zh-CN|en)-/.test(name) && !first.has(name))
const language = languages.sort((a, b) => size(b) - size(a))[0]
if (language) first.add(language)

let total = 0
console.log('first load, gzip:')
for (const name of [...first].sort((a, b) => size(b) - size(a))) {
  total += size(name)
  console.log(`${kib(size(name))}  ${name}`)
}
console.log(`${kib(total)}  in all, of ${kib(budget).trim()}`)
console.log('lazy, gzip:')
for (const name of all.filter((one) => !first.has(one)).sort((a, b) => size(b) - size(a))) {
  console.log(`${kib(size(name))}  ${name}`)
}
if (total > budget) {
  console.error('the first load is over its budget')
  process.exit(1)
}
