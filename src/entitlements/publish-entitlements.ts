import { type ArchiveHook, renewVersion } from '../customers/index.ts'
import { sql, type Tx } from '../db/index.ts'
import { type PublishContext, publish } from '../events/index.ts'
import { required } from '../kernel/assert.ts'
import type { Uuid } from '../kernel/ids.ts'
import { type Entitlements, entitlementsOf } from './list-entitlements.ts'
import type { EntitlementSource } from './source-port.ts'
import { entitlementsToWire } from './wire.ts'

/** The change that gave a customer other entitlements. */
export type Trigger =
  | 'promotional_entitlement_granted'
  | 'promotional_entitlement_updated'
  | 'promotional_entitlement_revoked'
  | 'promotional_entitlement_expired'
  | 'customer_archived'
  | 'customer_unarchived'

type CustomerSources = { customerKey: Uuid; sources: readonly EntitlementSource[] }

export type EntitlementPublisher = (
  tx: Tx,
  context: PublishContext,
  update: { customerKey: Uuid; trigger: Trigger },
) => Promise<void>

/** Publishes all entitlements of a customer. The change must have been written before. */
export async function publishEntitlements(
  tx: Tx,
  context: PublishContext,
  { trigger, ...of }: CustomerSources & { trigger: Trigger },
): Promise<void> {
  await publishListed(tx, context, { trigger, listed: await currentOf(tx, context, of) })
}

/**
 * Returns a hook for `customers`. Archiving takes all entitlements away and unarchiving gives them
 * back, so both publish them. The version is renewed, so that usage is counted before or after the
 * change.
 */
export const publishOnArchiving =
  (sources: readonly EntitlementSource[]): ArchiveHook =>
  async (tx, context, customer) => {
    const listed = await currentOf(tx, context, { customerKey: customer.key, sources })
    const trigger = customer.archivedAt === null ? 'customer_unarchived' : 'customer_archived'
    if (listed.hasAnything) await publishListed(tx, context, { trigger, listed })
    await renewVersion(tx, context, [customer.key])
  }

function currentOf(
  tx: Tx,
  { scope, now }: PublishContext,
  { customerKey, sources }: CustomerSources,
): Promise<Entitlements> {
  const key = sql`${customerKey}::uuid`
  return entitlementsOf(
    { read: tx, snapshot: (work) => work(tx) },
    { scope, customerKey: key, resourceId: null, now, sources },
  )
}

async function publishListed(
  tx: Tx,
  context: PublishContext,
  { trigger, listed }: { trigger: Trigger; listed: Entitlements },
): Promise<void> {
  const { customerKey, customerId } = listed.customer
  const objectId = required(customerId, 'the customer of an entitlement')
  const after = { customerId: objectId, trigger, ...entitlementsToWire(listed) }
  await publish(tx, context, [
    { type: 'entitlements.updated', customerKey, objectId, before: null, after },
  ])
}
