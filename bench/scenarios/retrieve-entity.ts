import type { Scenario } from '../types.ts'
import { MANY, MANY_CUSTOMER, manyId, prepareMany } from './many-entities.ts'

/** How many entities a connection retrieves. They are spread over all pages of the table. */
const PER_CONNECTION = 64

export const retrieveEntity: Scenario = {
  name: 'retrieve',
  title: 'retrieve entity',
  connections: 8,
  baselines: ['fastify', 'sql', 'static'],
  target: { baseline: 'fastify', ratio: 0.7 },
  prepare: prepareMany,
  calls: (connection) =>
    Array.from({ length: PER_CONNECTION }, (_, index) => ({
      operation: 'v1Beta.customers.entities.retrieve' as const,
      params: {
        id: MANY_CUSTOMER,
        // 7919 is prime, so the numbers are spread and distinct.
        entityId: manyId(((connection * PER_CONNECTION + index) * 7919) % MANY),
      },
    })),
}
