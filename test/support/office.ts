import { budgetsIn, params } from './budgets.ts'
import type { Tenant, World } from './world.ts'

/** An organisation, two teams, three users and a model. One of the users has a name. */
const ENTITIES = {
  acme: 'org',
  eng: 'team',
  ops: 'team',
  ann: 'user',
  bob: 'user',
  b_x: 'user',
  gpt: 'model',
}

/** Returns functions for the customer with these entities. `furnished` makes its environment. */
export function officeIn(world: World) {
  const { fresh, ...budgets } = budgetsIn(world)
  const furnished = async (): Promise<Tenant> => {
    const tenant = await fresh(ENTITIES)
    const entities = [{ id: 'ann', displayName: 'ÄNNE 100% of_it' }]
    await tenant.ok('v1Beta.customers.entities.upsert', { params, body: { entities } })
    return tenant
  }
  return { ...budgets, furnished }
}
