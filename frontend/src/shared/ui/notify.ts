import { reactive } from 'vue'

export interface Toast {
  id: number
  text: string
  tone: 'ok' | 'bad'
}

export const toasts = reactive<Toast[]>([])
let last = 0

/** Says in passing that something was done, or was not. What needs reading stands on the page instead. */
export function notify(text: string, tone: Toast['tone'] = 'ok'): void {
  const id = ++last
  toasts.push({ id, text, tone })
  if (toasts.length > 3) toasts.shift()
  setTimeout(() => {
    const at = toasts.findIndex((toast) => toast.id === id)
    if (at >= 0) toasts.splice(at, 1)
  }, 4000)
}
