// Replaces every file of a build that gains by it with a .gz and a .br: the server sends either, and
// unpacks for whoever takes neither. The page itself stays plain, because the server adapts it. Usage:
// node scripts/compress.mjs FOLDER
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const compressible = /\.(js|mjs|css|svg|json|ttf|wasm)$/
const worthwhile = 0.9 // of the plain size

const folder = process.argv[2]
if (!folder) {
  console.error('usage: node scripts/compress.mjs FOLDER')
  process.exit(2)
}

let plainBytes = 0
let gzipBytes = 0
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !compressible.test(entry.name)) continue
  const path = join(entry.parentPath ?? entry.path, entry.name)
  const plain = readFileSync(path)
  const gzip = gzipSync(plain, { level: 9 })
  if (gzip.length >= plain.length * worthwhile) continue
  const brotli = brotliCompressSync(plain, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: plain.length > 1 << 20 ? 9 : 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    },
  })
  writeFileSync(`${path}.gz`, gzip)
  writeFileSync(`${path}.br`, brotli)
  rmSync(path)
  plainBytes += plain.length
  gzipBytes += gzip.length
}
console.log(`compressed ${folder}: ${(plainBytes / 1e6).toFixed(1)} MB, ${(gzipBytes / 1e6).toFixed(1)} MB as gzip`)
