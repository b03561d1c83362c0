// Removes what the build of this app left in a folder, and nothing that another entry put there. Usage:
// node scripts/clean.mjs FOLDER
import { readdirSync, rmSync } from 'node:fs'

const folder = process.argv[2]
if (!folder) {
  console.error('usage: node scripts/clean.mjs FOLDER')
  process.exit(2)
}
for (const name of readdirSync(folder)) {
  if (name === 'assets' || /^(index\.html|icon\.svg)(\.(gz|br))?$/.test(name)) {
    rmSync(`${folder}/${name}`, { recursive: true })
  }
}
