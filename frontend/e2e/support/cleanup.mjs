// Tidying up in the order that makes sense: what was opened last is closed first. The runner's own hooks
// run the other way, and would take the server away from an open window.
const stacks = new WeakMap()

/** Runs act when the test has ended. */
export function cleanup(t, act) {
  const stack = stacks.get(t) ?? []
  if (stack.length === 0) {
    stacks.set(t, stack)
    t.after(async () => {
      let first
      for (const one of stack.toReversed()) {
        try {
          await one()
        } catch (error) {
          first ??= error
        }
      }
      if (first) throw first
    })
  }
  stack.push(act)
}
