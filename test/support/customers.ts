import { environmentsIn } from './environments.ts'
import type { World } from './world.ts'

/** Returns functions that write and read customers of an environment, which `fresh` makes. */
export function customersIn(world: World) {
  const environments = environmentsIn(world)
  const { tenant } = environments
  return {
    ...environments,
    provision: async (body: { id: string; [field: string]: unknown }) =>
      (await tenant().ok('v1.customers.provision', { body })).data,
    retrieve: async (id: string) =>
      (await tenant().ok('v1.customers.retrieve', { params: { id } })).data,
    /** Returns the published events as texts such as `customer.created acme`, oldest first. */
    announced: async () =>
      (await tenant().announced()).map(({ type, objectId }) => `${type} ${objectId}`),
  }
}
