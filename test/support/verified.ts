import { findCustomerKey } from '../../src/customers/index.ts'
import { type CustomerVerification, verifyCustomer } from '../../src/engine/index.ts'
import { required } from '../../src/kernel/assert.ts'
import type { Tenant, World } from './world.ts'

export type Kind = Exclude<keyof CustomerVerification, 'size'>

/** How many differences there are of each kind; kinds without any are left out. */
export const differing = ({
  size: _,
  ...found
}: CustomerVerification): Partial<Record<Kind, number>> =>
  Object.fromEntries(
    Object.entries(found).flatMap(([kind, { count }]) => (count === 0 ? [] : [[kind, count]])),
  )

/** How much of what is kept of a customer's usage does not agree with its records: `{}`. */
export async function differencesOf({ bursar: { app } }: World, tenant: Tenant, id = 'acme') {
  const customerKey = required(await findCustomerKey(app.db.read, tenant.scope, id), id)
  return differing(await verifyCustomer(app, customerKey, 1))
}
