import type { OperationCall, Scenario } from '../../types.ts'
import { customerOf, dimensions, MANY, prepare, REPORTED } from './company.ts'

const CONNECTIONS = 8
const MANY_CONNECTIONS = 64
/** How many customers a connection uses. All together are so many that none stays in a cache. */
const PER_CONNECTION = 128

export const checkOf = (id: string, of = dimensions): OperationCall => ({
  operation: 'v1Beta.customers.entitlements.check',
  params: { id },
  query: { featureId: REPORTED, requestedUsage: 10, dimensions: of },
})

const among = (count: number, connections = CONNECTIONS): Scenario => ({
  name:
    connections === CONNECTIONS ? `check-chains-${count}` : `check-chains-${count}-c${connections}`,
  title: `check with chains, ${count === 1 ? 'one customer' : `${count.toLocaleString('en')} customers`}`,
  connections,
  baselines: connections === CONNECTIONS ? ['fastify', 'sql', 'static'] : ['static'],
  target: connections === CONNECTIONS ? { baseline: 'sql', ratio: 0.4 } : null,
  prepare: (world) => prepare(world, count),
  calls: (connection) =>
    Array.from({ length: Math.min(count, PER_CONNECTION) }, (_, index) =>
      // 7919 is prime, so the numbers spread over all customers.
      checkOf(customerOf(((connection * PER_CONNECTION + index) * 7919) % count)),
    ),
})

export const checksWithChains: readonly Scenario[] = [
  among(1),
  among(1, MANY_CONNECTIONS),
  among(MANY),
]
