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
