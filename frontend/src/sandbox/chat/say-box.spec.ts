import { flushPromises, mount } from '@vue/test-utils'
import { ref } from 'vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, Local } from '@/shared/api/errors'
import { i18n } from '@/shared/i18n/language'
import shared from '@/shared/i18n/zh-CN.json'
import texts from '../locales/zh-CN.json'
import type { Chat } from './chats'

const send = vi.hoisted(() => vi.fn())
vi.mock('../api', () => ({ send }))
vi.mock('../world', () => ({ world: { people: ref([{ userid: 'lisi', name: '李四' }]), personOf: (id: string) => id, look: async () => {} } }))

const { default: SayBox } = await import('./SayBox.vue')
const { unsaid } = await import('./unsaid')
i18n.global.setLocaleMessage('zh-CN', { shared, sandbox: texts } as never)

const chat = { id: 'private:lisi', kind: 'private', robot: 'app', userId: 'lisi', entries: [] } as unknown as Chat
const area = { props: ['value'], emits: ['update:value'], template: `<textarea :value="value" @input="$emit('update:value', $event.target.value)" />` }
const openChat = () => mount(SayBox, { props: { chat }, global: { plugins: [i18n], stubs: { ATextarea: area, AButton: true } } })
type Box = ReturnType<typeof openChat>
const words = (box: Box) => box.find('textarea').element.value

async function say(box: Box, text: string) {
  await box.find('textarea').setValue(text)
  await box.find('form').trigger('submit')
}

/** A program that answers when it is told to. */
function program() {
  let settle!: { take: (answer: unknown) => void; fail: (cause: unknown) => void }
  send.mockImplementationOnce(() => new Promise((take, fail) => (settle = { take, fail })))
  return { answers: (answer: unknown) => settle.take(answer), fails: () => settle.fail(new ApiError('', { code: 'UNAVAILABLE', reason: Local.unreachable })) }
}

beforeEach(() => {
  send.mockReset()
  unsaid.clear()
})

describe('what is said to the app robot', () => {
  it('keeps what was typed while another chat is looked at', async () => {
    const box = openChat()
    await box.find('textarea').setValue('还没说完')
    box.unmount()
    expect(words(openChat())).toBe('还没说完')
  })

  it('is not there to be sent again when one comes back, before the answer and after', async () => {
    const robot = program()
    const box = openChat()
    await say(box, '怎么请假？')
    box.unmount()
    const again = openChat()
    expect(words(again)).toBe('')
    robot.answers({ status: 200 })
    await flushPromises()
    expect(words(again)).toBe('')
    expect(words(openChat())).toBe('')
    expect(send).toHaveBeenCalledOnce()
  })

  it('stands there again when the sandbox did not take it', async () => {
    const robot = program()
    const box = openChat()
    await say(box, '怎么请假？')
    box.unmount()
    const again = openChat()
    robot.fails()
    await flushPromises()
    expect(words(again)).toBe('怎么请假？')
  })

  it.each([[{ status: 200, bodyReply: true }, true], [{ status: 500, bodyReply: true }, true], [{ status: 200 }, false]])('tells of a reply in the body of the answer: %j', async (answer, flagged) => {
    send.mockResolvedValue(answer)
    const box = openChat()
    await say(box, '在吗')
    await flushPromises()
    expect(box.find('[role=status]').text().includes(texts.say.bodyReply)).toBe(flagged)
  })
})
