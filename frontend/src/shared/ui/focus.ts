import type { Directive } from 'vue'

let navigated = false

/** The router calls it when the address has changed to another page. */
export function noteArrival(): void {
  navigated = true
}

/** Whether the page now being drawn was reached from within the app; asks once. */
export function arrived(): boolean {
  const was = navigated
  navigated = false
  return was
}

/** Puts the focus on the first match of a selector within the element, once a dialog has opened around it. */
export const vFocus: Directive<HTMLElement, string> = {
  mounted: (element, { value }) => void setTimeout(() => element.querySelector<HTMLElement>(value)?.focus(), 60),
}
