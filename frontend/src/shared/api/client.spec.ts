import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ViewerDocument } from '../gql/graphql'
import { ApiError, Local, Reason } from './errors'

const session = vi.hoisted(() => ({ token: vi.fn(), renew: vi.fn(), interrupt: vi.fn(), doubt: vi.fn() }))
vi.mock('../session/session', () => ({ session }))

const { ask, authorizedFetch, client } = await import('./client')

const good = '{"data":{"viewer":{"id":"1"}}}'
const refused = (reason: string, code = 'UNAUTHENTICATED') => JSON.stringify({ errors: [{ message: 'x', extensions: { code, reason } }], data: null })
const sent: { token: string | null; language: string | null }[] = []

function server(...answers: (string | Error)[]) {
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>
    sent.push({ token: headers.authorization ?? null, language: headers['accept-language'] ?? null })
    const answer = answers.shift() ?? good
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(new Response(answer))
  })
}

beforeEach(() => {
  sent.length = 0
  for (const one of Object.values(session)) one.mockReset()
  session.token.mockResolvedValue('old')
  session.renew.mockResolvedValue('new')
})

describe('a request', () => {
  it('carries the token and the language', async () => {
    server(good)
    expect(await (await authorizedFetch('', { body: '{}' })).text()).toBe(good)
    expect(sent).toEqual([{ token: 'Bearer old', language: 'zh-CN' }])
  })

  it('is sent once more with a new token when the session has expired', async () => {
    server(refused(Reason.sessionExpired), good)
    expect(await (await authorizedFetch('', { body: '{}' })).text()).toBe(good)
    expect(sent.map((one) => one.token)).toEqual(['Bearer old', 'Bearer new'])
    expect(session.renew).toHaveBeenCalledExactlyOnceWith('old')
    expect(session.interrupt).not.toHaveBeenCalled()
  })

  it('is not sent a third time', async () => {
    server(refused(Reason.sessionExpired), refused(Reason.sessionExpired), good)
    await authorizedFetch('', { body: '{}' })
    expect(sent).toHaveLength(2)
    expect(session.interrupt).toHaveBeenCalledOnce()
  })

  it('lets the refusal stand when the session cannot be renewed', async () => {
    session.renew.mockRejectedValue(new ApiError('', { reason: Reason.sessionReused }))
    server(refused(Reason.sessionExpired))
    expect(await (await authorizedFetch('', { body: '{}' })).text()).toContain(Reason.sessionExpired)
    expect(sent).toHaveLength(1)
    expect(session.interrupt).toHaveBeenCalledOnce()
  })

  it('does not mistake words in the data for a refusal', async () => {
    server('{"data":{"note":"\\"session.expired"}}', '{"data":{"type":"session.expired"}}')
    await authorizedFetch('', { body: '{}' })
    await authorizedFetch('', { body: '{}' })
    expect(session.renew).not.toHaveBeenCalled()
  })

  it('makes the app ask for its roles anew when it is forbidden', async () => {
    server(refused('authz.forbidden', 'FORBIDDEN'))
    await authorizedFetch('', { body: '{}' })
    expect(session.doubt).toHaveBeenCalledOnce()
  })

  it('tells an absent server from a proxy’s page', async () => {
    server(new TypeError('failed to fetch'), '<html>502</html>')
    await expect(authorizedFetch('', { body: '{}' })).rejects.toMatchObject({ reason: Local.unreachable })
    await expect(authorizedFetch('', { body: '{}' })).rejects.toMatchObject({ reason: Local.badAnswer })
  })
})

describe('a question past the cache', () => {
  it('is answered by the server each time, and leaves nothing behind', async () => {
    server(good, '{"data":{"viewer":{"id":"2"}}}')
    expect((await ask(ViewerDocument, {})).viewer.id).toBe('1')
    expect((await ask(ViewerDocument, {})).viewer.id).toBe('2')
    expect(sent.map((one) => one.token)).toEqual(['Bearer old', 'Bearer old'])
    const kept = await client.value.query(ViewerDocument, {}, { requestPolicy: 'cache-only' }).toPromise()
    expect(kept.data).toBeFalsy()
  })

  it('tells why it was refused', async () => {
    server(refused('authz.forbidden', 'FORBIDDEN'))
    await expect(ask(ViewerDocument, {})).rejects.toMatchObject({ code: 'FORBIDDEN', reason: 'authz.forbidden' })
  })
})
