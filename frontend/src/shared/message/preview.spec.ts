import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { i18n } from '@/shared/i18n/language'
import texts from '../i18n/zh-CN.json'
import type { Mentions, Message } from './message'
import MessagePreview from './MessagePreview.vue'

i18n.global.setLocaleMessage('zh-CN', { shared: texts } as never)

const nasty = '<script>alert(1)</script><img src=x onerror=alert(2)><b>x</b>&amp;{{ 7*7 }}"\'><svg onload=alert(3)>'
const url = 'javascript:alert(4)'

const messages: Record<string, Message> = {
  text: { text: { content: nasty } },
  markdown: { markdown: { title: nasty, text: `# ${nasty}\n> ${nasty}\n- ${nasty}\n[${nasty}](${url}) ![${nasty}](${url}) **${nasty}**` } },
  link: { link: { title: nasty, text: nasty, messageUrl: url, picUrl: url } },
  actionCardSingle: { actionCard: { title: nasty, text: nasty, horizontal: false, single: { title: nasty, url } } },
  actionCardSeveral: { actionCard: { title: nasty, text: nasty, horizontal: true, buttons: [{ title: nasty, url }] } },
  feedCard: { feedCard: { links: [{ title: nasty, messageUrl: url, picUrl: url }] } },
}

const draw = (message: Message, mentions?: Mentions, robot = nasty) =>
  mount(MessagePreview, { props: { message, mentions, robot }, global: { plugins: [i18n] } })

describe('the preview', () => {
  for (const [name, message] of Object.entries(messages)) {
    it(`draws every string of a ${name} as text`, () => {
      const view = draw(message, { phones: [nasty], userIds: [], all: true })
      for (const tag of ['script', 'img', 'b', 'a', 'iframe', 'form', 'object', 'video', 'style']) {
        expect(view.findAll(tag), tag).toHaveLength(0)
      }
      for (const element of view.findAll('*')) {
        for (const attribute of Object.keys(element.attributes())) {
          expect(attribute).not.toMatch(/^(on|href|src|action|srcdoc|style)/)
        }
      }
      expect(view.text()).toContain('<script>alert(1)</script>')
      expect(view.text()).not.toContain('49')
    })
  }

  it('shows whom a message mentions, as the server writes it', () => {
    const mentions = { phones: ['+86 138-0000-0001'], userIds: ['lisi'], all: false }
    const view = draw({ text: { content: '请看 @lisi' } }, mentions)
    expect(view.findAll('.dt-mention').map((one) => one.text())).toEqual(['@lisi', '@13800000001'])
    expect(view.text()).toContain('请看')
  })

  it('says where the message will appear while nothing is written', () => {
    expect(draw({ text: { content: '  ' } }).find('.bubble').classes()).toContain('faint')
  })
})
