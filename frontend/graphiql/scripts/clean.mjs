// Empties dist but for the placeholder, which lets the Go package compile without a build.
import { readdirSync, rmSync } from 'node:fs'

for (const name of readdirSync('dist')) {
  if (name !== '.keep') rmSync(`dist/${name}`, { recursive: true })
}
