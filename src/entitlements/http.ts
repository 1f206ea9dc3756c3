import type { Handlers } from '../operation.ts'
import type { EntitlementReads } from './entitlement-reads.ts'
import { customerQuery } from './queries.ts'
import { entitlementsToWire } from './wire.ts'

/** The operation that lists the entitlements of a customer. */
export const entitlementsHandlers = ({
  listEntitlements,
}: EntitlementReads): Handlers<'v1.customers.retrieveEntitlements'> => ({
  'v1.customers.retrieveEntitlements': async ({ params, query }, call) => {
    const customer = { customerId: params.id, resourceId: query.resourceId ?? null }
    return {
      data: entitlementsToWire(await listEntitlements(call.app.db, customerQuery(call, customer))),
    }
  },
})
