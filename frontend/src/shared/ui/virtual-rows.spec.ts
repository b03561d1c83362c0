import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import VirtualRows from './VirtualRows.vue'

const list = (count: number) =>
  mount(VirtualRows, {
    props: { label: '事件', count, rowHeight: 40, shift: count, rowKey: (index: number) => `k${index}`, chosen: null },
    slots: { default: ({ index }: { index: number }) => `行 ${index}` },
  })

describe('a long list', () => {
  it('draws only what can be seen', () => {
    const view = list(100_000)
    expect(view.findAll('[role=option]').length).toBeLessThan(60)
    expect(view.find('[role=option]').attributes()).toMatchObject({ 'aria-setsize': '100000', 'aria-posinset': '1' })
    expect(view.find('.all').attributes('style')).toContain('4000000px')
  })

  it('is walked and chosen from by keyboard', async () => {
    const view = list(50)
    const box = view.find('[role=listbox]')
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await box.trigger('keydown', { key })
    expect(view.emitted('choose')).toEqual([[1]])
    expect(box.attributes('aria-activedescendant')).toBe(view.findAll('[role=option]')[1]?.attributes('id'))
    await box.trigger('keydown', { key: 'Home' })
    await box.trigger('keydown', { key: ' ' })
    expect(view.emitted('choose')?.at(-1)).toEqual([0])
  })

  it('keeps to the row at hand when new ones come on top', async () => {
    const view = list(50)
    const box = view.find('[role=listbox]')
    await box.trigger('keydown', { key: 'ArrowDown' })
    await view.setProps({ count: 53, shift: 53 })
    await box.trigger('keydown', { key: 'Enter' })
    expect(view.emitted('choose')).toEqual([[3]])
  })
})
