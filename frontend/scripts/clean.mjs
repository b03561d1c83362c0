// Removes what this app's build left in dist, and nothing that another entry put there.
import { readdirSync, rmSync } from 'node:fs'

for (const name of readdirSync('dist')) {
  if (name === 'assets' || /^(index\.html|icon\.svg)(\.(gz|br))?$/.test(name)) {
    rmSync(`dist/${name}`, { recursive: true })
  }
}
