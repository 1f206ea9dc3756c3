import type { RateLimits } from '../config.ts'

/**
 * The limits of Stigg's cloud in calls per minute, from the documentation of its older interface.
 * It may name operations that are not served yet.
 */
export const STIGG_LIMITS: RateLimits = {
  operations: {
    // Reads of entitlements through its edge.
    'v1.customers.retrieveEntitlements': 6000,
    'v1.customers.checkEntitlement': 6000,
    'v1Beta.customers.entitlements.check': 6000,
    'v1.customers.retrieve': 3000,
    'v1.customers.provision': 250,
    'v1.subscriptions.provision': 250,
    'v1.subscriptions.cancel': 250,
    'v1.subscriptions.list': 1500,
    'v1.subscriptions.retrieve': 3000,
    'v1.subscriptions.preview': 3000,
    'v1.usage.report': 3000,
    'v1.usage.history': 250,
    // A thousand per second. A call counts once, however many events it contains.
    'v1.events.report': 60_000,
  },
  mutationsPerCustomer: 30,
}
