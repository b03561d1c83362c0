import { newDraft, type Draft } from './draft'

const key = 'posthouse.draft'

/** The draft of before a reload or a sign-in, or a new one. */
export function recall(storage: () => Storage): Draft {
  const fresh = newDraft()
  try {
    const kept = JSON.parse(storage().getItem(key) ?? 'null') as Partial<Draft> | null
    // One written by an older version may lack something: what it has is laid over a whole one.
    return kept && typeof kept === 'object' && typeof kept.key === 'string' ? { ...fresh, ...kept } : fresh
  } catch {
    return fresh
  }
}

/** Keeps the draft for the life of the tab; null forgets it. */
export function keep(storage: () => Storage, draft: Draft | null): void {
  try {
    if (draft) storage().setItem(key, JSON.stringify(draft))
    else storage().removeItem(key)
  } catch {
    // Storage is forbidden or full: the draft lives as long as the page.
  }
}
