import { findCustomerKey } from '../../src/customers/index.ts'
import { type CustomerVerification, verifyCustomer } from '../../src/engine/verify/index.ts'
import { required } from '../../src/kernel/assert.ts'
import type { Tenant, World } from './world.ts'

export type Kind = Exclude<keyof CustomerVerification, 'size'>

/** Returns the number of differences of each kind. Kinds without differences are left out. */
export const differing = ({
  size: _,
  ...found
}: CustomerVerification): Partial<Record<Kind, number>> =>
  Object.fromEntries(
    Object.entries(found).flatMap(([kind, { count }]) => (count === 0 ? [] : [[kind, count]])),
  )

/** Compares a customer's stored usage with its records. Returns `{}` if nothing differs. */
export async function differencesOf({ bursar: { app } }: World, tenant: Tenant, id = 'acme') {
  const customerKey = required(await findCustomerKey(app.db.read, tenant.scope, id), id)
  return differing(await verifyCustomer(app, customerKey, 1))
}
