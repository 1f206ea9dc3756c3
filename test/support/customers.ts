import { environmentsIn } from './environments.ts'
import type { World } from './world.ts'

/** Customers of an environment that `fresh` makes. */
export function customersIn(world: World) {
  const environments = environmentsIn(world)
  const { tenant } = environments
  return {
    ...environments,
    provision: async (body: { id: string; [field: string]: unknown }) =>
      (await tenant().ok('v1.customers.provision', { body })).data,
    retrieve: async (id: string) =>
      (await tenant().ok('v1.customers.retrieve', { params: { id } })).data,
    /** What was announced, oldest first: `customer.created acme`. */
    announced: async () =>
      (await tenant().announced()).map(({ type, objectId }) => `${type} ${objectId}`),
  }
}
