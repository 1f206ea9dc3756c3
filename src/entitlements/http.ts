import type { Handlers } from '../operation.ts'
import * as queries from './queries.ts'
import type { EntitlementSource } from './source-port.ts'
import { entitlementsToWire } from './wire.ts'

/** The operations on what customers may use, over all that can grant something. */
export const entitlementsHandlers = (
  loaders: readonly EntitlementSource[],
): Handlers<'v1.customers.retrieveEntitlements'> => ({
  'v1.customers.retrieveEntitlements': async ({ params, query }, call) => {
    const asking = { customerId: params.id, resourceId: query.resourceId ?? null, loaders }
    return { data: entitlementsToWire(await queries.listEntitlements(call, asking)) }
  },
})
