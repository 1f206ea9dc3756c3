import type { CustomerEntitlements } from '../api.gen.ts'
import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import type { PublishContext } from '../events/index.ts'
import type { Uuid } from '../kernel/ids.ts'

/** The change that gave a customer other entitlements. */
export type Trigger =
  | 'promotional_entitlement_granted'
  | 'promotional_entitlement_updated'
  | 'promotional_entitlement_revoked'
  | 'promotional_entitlement_expired'
  | 'subscription_created'
  | 'subscription_updated'
  | 'subscription_canceled'
  | 'subscription_expired'
  | 'trial_started'
  | 'trial_converted'
  | 'trial_expired'
  | 'customer_archived'
  | 'customer_unarchived'

export type EntitlementUpdate = {
  customerKey: Uuid
  /** null: nothing is published. */
  trigger: Trigger | null
  /** The resource whose entitlements are returned and published. The default is none. */
  resourceId?: string | null
}

/**
 * Renews the version of a customer, whose entitlements have changed, and publishes and returns all
 * of them. The change must have been written before. The version is the last lock of the
 * transaction.
 */
export type EntitlementPublisher = (
  tx: Tx,
  context: PublishContext,
  update: EntitlementUpdate,
) => Promise<CustomerEntitlements>

/**
 * Returns a publisher for many customers, each in a transaction of its own that holds the catalog.
 * What the catalog gives is read once for all of them. Call it before these transactions begin: it
 * is only for the database to which the sessions lead then.
 */
export type PublisherOfMany = (app: App) => EntitlementPublisher
