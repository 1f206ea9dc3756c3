import type { Tx } from '../db/index.ts'
import type { PublishContext } from '../events/index.ts'
import type { Uuid } from '../kernel/ids.ts'

/** The change that gave a customer other entitlements. */
export type Trigger =
  | 'promotional_entitlement_granted'
  | 'promotional_entitlement_updated'
  | 'promotional_entitlement_revoked'
  | 'promotional_entitlement_expired'
  | 'customer_archived'
  | 'customer_unarchived'

/**
 * Renews the version of a customer, whose entitlements have changed, and publishes all of them. The
 * change must have been written before. The version is the last lock of the transaction.
 */
export type EntitlementPublisher = (
  tx: Tx,
  context: PublishContext,
  update: { customerKey: Uuid; trigger: Trigger },
) => Promise<void>
