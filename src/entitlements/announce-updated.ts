import { sql, type Tx } from '../db/index.ts'
import { type Announcing, announce } from '../jobs/index.ts'
import { required } from '../kernel/assert.ts'
import type { Uuid } from '../kernel/ids.ts'
import { entitlementsOf } from './list-entitlements.ts'
import type { SourceLoader } from './source-port.ts'
import { entitlementsToWire } from './wire.ts'

/** What made the entitlements of a customer different. */
export type Trigger =
  | 'promotional_entitlement_granted'
  | 'promotional_entitlement_revoked'
  | 'promotional_entitlement_expired'

/** Tells all that a customer may use from now on, after the change was written. */
export async function announceUpdated(
  tx: Tx,
  announcing: Announcing,
  of: { customerKey: Uuid; trigger: Trigger; loaders: readonly SourceLoader[] },
): Promise<void> {
  const { customerKey, trigger, loaders } = of
  const { scope, now } = announcing
  const key = sql`${customerKey}::uuid`
  const reading = { scope, customerKey: key, resourceId: null, now, loaders }
  const inside = { read: tx, snapshot: <T>(work: (reader: Tx) => Promise<T>) => work(tx) }
  const listed = await entitlementsOf(inside, reading)
  const customerId = required(listed.customer.customerId, 'the customer of an entitlement')
  const after = { customerId, trigger, ...entitlementsToWire(listed) }
  await announce(tx, announcing, [
    { type: 'entitlements.updated', customerKey, objectId: customerId, before: null, after },
  ])
}
