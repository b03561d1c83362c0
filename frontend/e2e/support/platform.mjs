// DingTalk as it pushes events, for what the sandbox is too well-behaved to push: event types that are no
// words, many events at once. Signature and encryption are those of protocols.md §4.
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'

/** Gives push(eventType, data), which fails unless the event was taken. */
export async function platformOf(house) {
  const { dingtalk } = await house.sandbox.call('GET', 'credentials')
  const key = Buffer.from(`${dingtalk.callbackAesKey}=`, 'base64')
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  let number = 0

  function encrypt(text) {
    const message = Buffer.from(text)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(message.length)
    const plain = Buffer.concat([randomBytes(16), length, message, Buffer.from(dingtalk.corpId)])
    const fill = 32 - (plain.length % 32)
    const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
    return Buffer.concat([cipher.update(Buffer.concat([plain, Buffer.alloc(fill, fill)])), cipher.final()]).toString('base64')
  }

  function push(eventType, data = {}) {
    const event = { eventId: `e2e-${process.pid}-${++number}`, eventType, eventBornTime: Date.now(), eventCorpId: dingtalk.corpId, ...data }
    const encrypted = encrypt(JSON.stringify(event))
    const timestamp = String(Date.now())
    const nonce = randomBytes(6).toString('hex')
    const signature = createHash('sha1').update([dingtalk.callbackToken, timestamp, nonce, encrypted].sort().join('')).digest('hex')
    const url = `${house.url}/callbacks/dingtalk/sandbox?signature=${signature}&timestamp=${timestamp}&nonce=${nonce}`
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (response) => {
        response.resume().on('end', () => (response.statusCode === 200 ? resolve(event) : reject(new Error(`push refused: ${response.statusCode}`))))
      })
      sent.on('error', reject)
      sent.end(JSON.stringify({ encrypt: encrypted }))
    })
  }
  return { push }
}
