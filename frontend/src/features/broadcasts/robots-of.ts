import { ask } from '@/shared/api/client'
import { BroadcastRobotsDocument } from '@/shared/gql/graphql'

const page = 100

/** The robots that a broadcast went to, all of them, apart from those deleted since. Throws an ApiError. */
export async function robotsOf(id: string): Promise<string[]> {
  const robots: string[] = []
  let after: string | null = null
  for (;;) {
    const { node }: Awaited<ReturnType<typeof read>> = await read(id, after)
    if (node?.__typename !== 'Broadcast') return robots
    for (const { robot } of node.deliveries.nodes) if (robot) robots.push(robot.id)
    if (!node.deliveries.pageInfo.hasNextPage) return robots
    after = node.deliveries.pageInfo.endCursor
  }
}

const read = (id: string, after: string | null) => ask(BroadcastRobotsDocument, { id, first: page, after })
