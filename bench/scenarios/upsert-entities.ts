import type { Scenario } from '../types.ts'
import { provision, upsertOf } from './fixtures.ts'

/** How many upserts a connection repeats. Each changes what the previous one has written. */
const ROUND = 8
/** How many entities upserts of one entity use: half of `ROUND`, so that each gets two values. */
const SPREAD = 4

function upsert(options: {
  entities: number
  connections: number
  target: Scenario['target']
}): Scenario {
  const { entities, connections, target } = options
  const name = `upsert-${entities}-c${connections}`
  const customerOf = (connection: number) => `bench-${name}-${connection}`
  return {
    name,
    title: `upsert of ${entities}`,
    connections,
    baselines: ['fastify', 'sql'],
    target,
    prepare: async (world) => {
      for (let connection = 0; connection < connections; connection += 1)
        await provision(world, customerOf(connection))
      // Events of earlier scenarios would make later ones slower.
      await world.execute('truncate outbox')
      await world.execute('vacuum analyze')
    },
    calls: (connection) =>
      Array.from({ length: ROUND }, (_, step) => {
        const first = entities === 1 ? step % SPREAD : 0
        const ids = Array.from({ length: entities }, (_, index) => `entity-${first + index}`)
        return upsertOf(customerOf(connection), ids, step)
      }),
  }
}

const TARGET_OF_100 = { baseline: 'sql', ratio: 0.6 } as const

export const upsertEntities: readonly Scenario[] = [
  upsert({ entities: 1, connections: 1, target: null }),
  upsert({ entities: 1, connections: 8, target: null }),
  upsert({ entities: 100, connections: 1, target: TARGET_OF_100 }),
  upsert({ entities: 100, connections: 8, target: TARGET_OF_100 }),
]
