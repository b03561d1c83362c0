import { expect, it, vi } from 'vitest'

const ask = vi.hoisted(() => vi.fn())
vi.mock('@/shared/api/client', () => ({ ask }))

const { robotsOf } = await import('./robots-of')

it('another message like it goes to all its robots, however many pages they are', async () => {
  const all = Array.from({ length: 230 }, (_, n) => (n === 7 ? null : { id: `robt_${n}` }))
  ask.mockImplementation((_: unknown, { first, after }: { first: number; after: string | null }) => {
    const begin = Number(after ?? 0)
    const nodes = all.slice(begin, begin + first).map((robot) => ({ robot }))
    return Promise.resolve({ node: { __typename: 'Broadcast', deliveries: { nodes, pageInfo: { hasNextPage: begin + first < all.length, endCursor: String(begin + first) } } } })
  })
  const robots = await robotsOf('bcst_1')
  expect(robots).toEqual(all.flatMap((robot) => (robot ? [robot.id] : []))) // one was deleted since
  ask.mockResolvedValue({ node: null })
  expect(await robotsOf('gone')).toEqual([])
})
