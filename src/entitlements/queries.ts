import { customerNamed } from '../customers/index.ts'
import type { Call } from '../operation.ts'
import type { CustomerQuery } from './entitlement-store.ts'

/** Returns the query for the current entitlements of a customer or of one of its resources. */
export const customerQuery = (
  { app, scope }: Call,
  { customerId, resourceId }: { customerId: string; resourceId: string | null },
): CustomerQuery => ({
  scope,
  customerKey: customerNamed(scope, customerId),
  resourceId,
  now: app.clock.now(),
})
