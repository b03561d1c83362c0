import { flushPromises, mount } from '@vue/test-utils'
import { ref } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/shared/api/errors'
import { i18n } from '@/shared/i18n/language'
import shared from '@/shared/i18n/zh-CN.json'
import texts from './locale.zh-CN.json'

const run = vi.hoisted(() => vi.fn())
const known = vi.hoisted(() => ({ house: { needsOwner: true, codesDelivered: true } }))
vi.mock('@/shared/api/client', () => ({ run, ask: vi.fn(), forget: vi.fn() }))
vi.mock('@/shared/session/session', () => ({ session: { begin: vi.fn(), identify: vi.fn() } }))
vi.mock('@/shared/api/use-ask', () => ({ useAsk: () => ({ data: ref(known) }) }))

const { default: SetUpPage } = await import('./SetUpPage.vue')
i18n.global.setLocaleMessage('zh-CN', { shared, signIn: texts } as never)

const input = { props: ['value'], emits: ['update:value'], template: `<input :value="value" @input="$emit('update:value', $event.target.value)" />` }

async function openPage(address: string) {
  window.history.replaceState(null, '', address)
  const router = createRouter({ history: createWebHistory(), routes: [{ path: '/setup', component: SetUpPage }, { path: '/sign-in', name: 'sign-in', component: SetUpPage }] })
  await router.push(address)
  const page = mount(SetUpPage, {
    global: { plugins: [i18n, router], stubs: { AInput: input, AInputPassword: input, AButton: true, PreferenceSwitches: true } },
  })
  await flushPromises()
  return { page, router }
}

async function submit(page: Awaited<ReturnType<typeof openPage>>['page']) {
  for (const one of page.findAll('input')) await one.setValue('correct horse 9')
  await page.find('form').trigger('submit')
  await flushPromises()
}
const sent = () => run.mock.calls.map((call) => call[1].input.token)
const everywhere = () => window.location.href + JSON.stringify(window.history.state)

beforeEach(() => {
  run.mockReset().mockRejectedValue(new ApiError('链接已失效', { code: 'FORBIDDEN', reason: 'setup.token_invalid' }))
  window.sessionStorage.clear()
  known.house = { needsOwner: true, codesDelivered: true }
})

describe('the page of the set-up link', () => {
  it('takes the newest link that is opened in its tab, and keeps none in the address', async () => {
    const { page, router } = await openPage('/setup#token=former')
    expect(everywhere()).not.toContain('former')
    await submit(page)
    expect(page.text()).toContain('链接已失效')
    for (const token of ['newer', 'newest', 'newest']) {
      await router.push(`/setup#token=${token}`)
      await flushPromises()
      expect(everywhere()).not.toContain(token)
      expect(page.text()).not.toContain('链接已失效')
      await submit(page)
    }
    expect(sent()).toEqual(['former', 'newer', 'newest', 'newest'])
  })

  it('works where the browser forbids storage', async () => {
    const forbidden = vi.spyOn(window, 'sessionStorage', 'get').mockImplementation(() => {
      throw new DOMException('forbidden', 'SecurityError')
    })
    const { page } = await openPage('/setup#token=kept')
    await submit(page)
    forbidden.mockRestore()
    expect(sent()).toEqual(['kept'])
    expect(everywhere()).not.toContain('kept')
  })

  it('gives no advice about permissions that nobody could give', async () => {
    const { page } = await openPage('/setup#token=former')
    await submit(page)
    expect(page.text()).not.toContain(shared.problem.advice.forbidden)
  })

  it('says what to set when no code can be sent, and nothing otherwise', async () => {
    expect((await openPage('/setup#token=x')).page.text()).not.toContain('posthouse.yaml')
    known.house = { needsOwner: true, codesDelivered: false }
    const text = (await openPage('/setup#token=x')).page.text()
    for (const part of ['posthouse.yaml', 'otp: { group_robot: NAME }', 'login: { factors: [PASSWORD] }', texts.codes.restart]) expect(text).toContain(part)
  })
})
