import type { ApiError } from '@/shared/api/errors'

export type NewAccountField = 'username' | 'password' | 'phone'

const fieldOf: Record<string, NewAccountField> = {
  'account.username_taken': 'username',
  'account.username_invalid': 'username',
  'account.phone_taken': 'phone',
  'account.phone_invalid': 'phone',
  'account.password_weak': 'password',
}

/** The field at fault, when the error is about one. */
export function faultyField(error: ApiError | null): NewAccountField | null {
  if (!error) return null
  const named = Object.keys(error.fields).find((field) => field === 'username' || field === 'password' || field === 'phone')
  return (named as NewAccountField | undefined) ?? fieldOf[error.reason] ?? null
}
