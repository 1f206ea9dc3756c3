import type { Scenario } from '../types.ts'
import { MANY_CUSTOMER, prepareMany } from './many-entities.ts'

export const listEntities: Scenario = {
  name: 'list-100',
  title: 'list 100 of 100,000',
  connections: 8,
  baselines: ['fastify', 'sql'],
  target: null,
  prepare: prepareMany,
  calls: () => [
    {
      operation: 'v1Beta.customers.entities.list',
      params: { id: MANY_CUSTOMER },
      query: { limit: 100 },
    },
  ],
}
