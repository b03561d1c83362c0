interface Person {
  id: string
  roles: readonly string[]
}

/** Whether one may manage another's account; else why not. The server decides; this says beforehand what it will say. */
export type Standing = 'may' | 'self' | 'owner'

export function standingOf(viewer: Person | null, account: Person): Standing {
  if (viewer?.id === account.id) return 'self'
  return account.roles.includes('OWNER') && !viewer?.roles.includes('OWNER') ? 'owner' : 'may'
}
