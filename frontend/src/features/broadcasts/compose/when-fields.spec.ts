import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { i18n } from '@/shared/i18n/language'
import texts from '../locale.zh-CN.json'
import WhenFields from './WhenFields.vue'

i18n.global.setLocaleMessage('zh-CN', { broadcasts: texts } as never)

const input = { props: ['value'], emits: ['update:value', 'change'], template: `<input :value="value" @input="$emit('update:value', $event.target.value); $emit('change')" />` }

function fields(sendAt: string | null) {
  const view = mount(WhenFields, {
    props: {
      sendAt,
      priority: 'NORMAL',
      'onUpdate:sendAt': (at: string | null) => view.setProps({ sendAt: at }),
      'onUpdate:priority': (priority) => view.setProps({ priority }),
    },
    global: { plugins: [i18n], components: { AInput: input }, stubs: { AInput: input } },
  })
  return view
}
const typed = (view: ReturnType<typeof fields>) => view.findAll('input').map((one) => (one.element as HTMLInputElement).value)
const button = (view: ReturnType<typeof fields>, words: string) => view.findAll('button').find((one) => one.text() === words)!

describe('when a message is sent', () => {
  it('suggests a time when it shall be later, and forgets it when it shall be now', async () => {
    const view = fields(null)
    expect(typed(view)).toEqual([])
    await button(view, '定时').trigger('click')
    expect(Date.parse(view.props('sendAt')!)).toBeGreaterThan(Date.now())
    expect(typed(view)[0]).toMatch(/^\d{4}-\d\d-\d\d$/)
    await button(view, '立即').trigger('click')
    expect(view.props('sendAt')).toBeNull()
    expect(typed(view)).toEqual([])
  })

  it('never sends at once because a date is half typed', async () => {
    const view = fields(new Date(2030, 0, 2, 3, 4).toISOString())
    expect(typed(view)).toEqual(['2030-01-02', '03:04'])
    await view.findAll('input')[0]!.setValue('')
    expect(Date.parse(view.props('sendAt')!)).toBe(0) // refused as past
    expect(typed(view)).toEqual(['', '03:04'])
    await view.findAll('input')[0]!.setValue('2030-02-03')
    expect(view.props('sendAt')).toBe(new Date(2030, 1, 3, 3, 4).toISOString())
  })

  it('takes over the time of a draft that was kept', async () => {
    const view = fields(null)
    await view.setProps({ sendAt: new Date(2031, 4, 6, 7, 8).toISOString() })
    expect(typed(view)).toEqual(['2031-05-06', '07:08'])
  })
})
