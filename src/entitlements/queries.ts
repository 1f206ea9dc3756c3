import { customerNamed } from '../customers/index.ts'
import type { Call } from '../operation.ts'
import type { CustomerQuery } from './entitlement-store.ts'

/** The query for the entitlements of a customer, or of one of its resources, as of now. */
export const customerQuery = (
  { app, scope }: Call,
  { customerId, resourceId }: { customerId: string; resourceId: string | null },
): CustomerQuery => ({
  scope,
  customerKey: customerNamed(scope, customerId),
  resourceId,
  now: app.clock.now(),
})
