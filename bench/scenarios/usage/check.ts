import type { OperationCall, Scenario } from '../../types.ts'
import { customerOf, dimensions, MANY, prepare, REPORTED } from './company.ts'

const CONNECTIONS = 8
/** How many customers a connection uses. All together are so many that none stays in a cache. */
const PER_CONNECTION = 128

export const checkOf = (id: string, of = dimensions): OperationCall => ({
  operation: 'v1Beta.customers.entitlements.check',
  params: { id },
  query: { featureId: REPORTED, requestedUsage: 10, dimensions: of },
})

const among = (count: number): Scenario => ({
  name: `check-chains-${count}`,
  title: `check with chains, ${count === 1 ? 'one customer' : `${count.toLocaleString('en')} customers`}`,
  connections: CONNECTIONS,
  baselines: ['fastify', 'sql', 'static'],
  target: { baseline: 'sql', ratio: 0.4 },
  prepare: (world) => prepare(world, count),
  calls: (connection) =>
    Array.from({ length: Math.min(count, PER_CONNECTION) }, (_, index) =>
      // 7919 is prime, so the numbers spread over all customers.
      checkOf(customerOf(((connection * PER_CONNECTION + index) * 7919) % count)),
    ),
})

export const checksWithChains: readonly Scenario[] = [among(1), among(MANY)]
