import { flushPromises, mount } from '@vue/test-utils'
import { ref } from 'vue'
import { expect, it, vi } from 'vitest'
import { i18n } from '@/shared/i18n/language'
import shared from '@/shared/i18n/zh-CN.json'
import texts from '../locales/zh-CN.json'

const address = ref('http://127.0.0.1/one')
const send = vi.hoisted(() => vi.fn())
vi.mock('../api', () => ({ send, ask: () => Promise.resolve({ url: address.value }) }))
vi.mock('../world', () => ({ world: { robotAddress: address } }))

const { default: RobotAddressForm } = await import('./RobotAddressForm.vue')
i18n.global.setLocaleMessage('zh-CN', { shared, sandbox: texts } as never)

const input = { props: ['value'], emits: ['update:value'], template: `<input :value="value" @input="$emit('update:value', $event.target.value)" />` }

it('shows the address that is set until somebody writes another, and again when it is saved', async () => {
  const form = mount(RobotAddressForm, { global: { plugins: [i18n], stubs: { AInput: input, AButton: true } } })
  const shown = () => form.find('input').element.value
  await flushPromises()
  expect(shown()).toBe('http://127.0.0.1/one')
  address.value = 'http://127.0.0.1/two' // the sandbox was started anew
  await flushPromises()
  expect(shown()).toBe('http://127.0.0.1/two')

  await form.find('input').setValue('http://127.0.0.1/mine')
  address.value = 'http://127.0.0.1/three'
  await flushPromises()
  expect(shown()).toBe('http://127.0.0.1/mine')

  send.mockResolvedValue({ url: 'http://127.0.0.1/mine' })
  await form.find('form').trigger('submit')
  await flushPromises()
  expect(address.value).toBe('http://127.0.0.1/mine')
  address.value = ''
  await flushPromises()
  expect(shown()).toBe('')
})
