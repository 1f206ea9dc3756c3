import { type ArchiveHook, renewVersion } from '../customers/index.ts'
import { sql, type Tx } from '../db/index.ts'
import { type PublishContext, publish } from '../events/index.ts'
import { required } from '../kernel/assert.ts'
import type { Uuid } from '../kernel/ids.ts'
import { type Entitlements, entitlementsOf } from './list-entitlements.ts'
import type { EntitlementSource } from './source-port.ts'
import { entitlementsToWire } from './wire.ts'

/** What made the entitlements of a customer different. */
export type Trigger =
  | 'promotional_entitlement_granted'
  | 'promotional_entitlement_updated'
  | 'promotional_entitlement_revoked'
  | 'promotional_entitlement_expired'
  | 'customer_archived'
  | 'customer_unarchived'

type Of = { customerKey: Uuid; sources: readonly EntitlementSource[] }

export type UpdateAnnouncer = (
  tx: Tx,
  context: PublishContext,
  update: { customerKey: Uuid; trigger: Trigger },
) => Promise<void>

/** Publishes all entitlements of a customer. The change must have been written before. */
export async function announceUpdated(
  tx: Tx,
  announcing: PublishContext,
  { trigger, ...of }: Of & { trigger: Trigger },
): Promise<void> {
  await tell(tx, announcing, { trigger, listed: await currentOf(tx, announcing, of) })
}

/**
 * For the port of `customers`: an archived customer may use nothing, and an unarchived one may use
 * everything again. The version is renewed, so that usage is counted before or after the change.
 */
export const announceArchiving =
  (sources: readonly EntitlementSource[]): ArchiveHook =>
  async (tx, announcing, customer) => {
    const listed = await currentOf(tx, announcing, { customerKey: customer.key, sources })
    const trigger = customer.archivedAt === null ? 'customer_unarchived' : 'customer_archived'
    if (listed.hasAnything) await tell(tx, announcing, { trigger, listed })
    await renewVersion(tx, announcing, [customer.key])
  }

function currentOf(
  tx: Tx,
  { scope, now }: PublishContext,
  { customerKey, sources }: Of,
): Promise<Entitlements> {
  const key = sql`${customerKey}::uuid`
  return entitlementsOf(
    { read: tx, snapshot: (work) => work(tx) },
    { scope, customerKey: key, resourceId: null, now, sources },
  )
}

async function tell(
  tx: Tx,
  announcing: PublishContext,
  { trigger, listed }: { trigger: Trigger; listed: Entitlements },
): Promise<void> {
  const { customerKey, customerId } = listed.customer
  const objectId = required(customerId, 'the customer of an entitlement')
  const after = { customerId: objectId, trigger, ...entitlementsToWire(listed) }
  await publish(tx, announcing, [
    { type: 'entitlements.updated', customerKey, objectId, before: null, after },
  ])
}
