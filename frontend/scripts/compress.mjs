// Puts a .gz and a .br beside every file of a build that gains by it, so that the server compresses
// nothing while it serves. Usage: node scripts/compress.mjs FOLDER
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const compressible = /\.(js|mjs|css|html|svg|json|txt|map|ttf|wasm)$/
const worthwhile = 0.9 // of the plain size; above it the plain file is served

const folder = process.argv[2]
if (!folder) {
  console.error('usage: node scripts/compress.mjs FOLDER')
  process.exit(2)
}

let files = 0
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !compressible.test(entry.name)) continue
  const path = join(entry.parentPath ?? entry.path, entry.name)
  const plain = readFileSync(path)
  const quality = plain.length > 1 << 20 ? 9 : 11
  const packed = {
    gz: gzipSync(plain, { level: 9 }),
    br: brotliCompressSync(plain, {
      params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
    }),
  }
  for (const [extension, bytes] of Object.entries(packed)) {
    rmSync(`${path}.${extension}`, { force: true })
    if (bytes.length < plain.length * worthwhile) writeFileSync(`${path}.${extension}`, bytes)
  }
  files++
}
console.log(`compressed ${files} files in ${folder}`)
