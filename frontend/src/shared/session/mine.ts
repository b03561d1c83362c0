// What a person left in the tab, such as an unsent draft, under keys that begin with this. It outlives a
// session that ended by itself, so that nothing typed is lost, but never reaches the next person.
export const mine = 'posthouse.mine.'

const owner = 'posthouse.owner'

/** The tab is this person's now: what another left in it goes. */
export function claim(storage: () => Storage, account: string): void {
  attempt(() => {
    if (storage().getItem(owner) !== account) clear(storage())
    storage().setItem(owner, account)
  })
}

/** The person signed out: nothing of theirs stays. */
export function forgetMine(storage: () => Storage): void {
  attempt(() => {
    clear(storage())
    storage().removeItem(owner)
  })
}

function clear(storage: Storage): void {
  for (const key of Object.keys(storage)) if (key.startsWith(mine)) storage.removeItem(key)
}

function attempt(act: () => void): void {
  try {
    act()
  } catch {
    // Storage is forbidden: then nothing was kept either.
  }
}
