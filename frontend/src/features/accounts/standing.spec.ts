import { expect, it } from 'vitest'
import { standingOf } from './standing'

const owner = { id: 'o', roles: ['OWNER'] }
const other = { id: 'p', roles: ['OWNER', 'MEMBER'] }
const admin = { id: 'a', roles: ['ADMIN'] }
const member = { id: 'm', roles: ['MEMBER'] }

it.each([
  ['an owner', owner, 'another owner', other, 'may'],
  ['an owner', owner, 'an admin', admin, 'may'],
  ['an owner', owner, 'themselves', owner, 'self'],
  ['an admin', admin, 'an owner', owner, 'owner'],
  ['an admin', admin, 'a member', member, 'may'],
  ['an admin', admin, 'themselves', admin, 'self'],
] as const)('%s (%o) towards %s (%o): %s', (_, viewer, __, account, standing) => {
  expect(standingOf(viewer, account)).toBe(standing)
})
