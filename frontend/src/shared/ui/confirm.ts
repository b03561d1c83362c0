import { shallowRef } from 'vue'

export interface Question {
  title: string
  /** What will happen; one paragraph each. */
  text: string[]
  /** What is written on the button that does it. */
  action: string
  danger?: boolean
  /** Does it. The dialog stays open meanwhile, and shows what went wrong. */
  act: () => Promise<unknown>
}

export const question = shallowRef<{ ask: Question; answer: (done: boolean) => void } | null>(null)

/** Asks before something that cannot be taken back. Gives whether it was done. */
export function confirm(ask: Question): Promise<boolean> {
  question.value?.answer(false)
  return new Promise((resolve) => {
    question.value = {
      ask,
      answer: (done) => {
        question.value = null
        resolve(done)
      },
    }
  })
}
