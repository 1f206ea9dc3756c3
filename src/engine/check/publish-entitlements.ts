import { type ArchiveHook, customerWithKey, renewVersion } from '../../customers/index.ts'
import { column, readValue, sql, type Tx } from '../../db/index.ts'
import {
  type EntitlementPublisher,
  type EntitlementReads,
  type EntitlementUpdate,
  entitlementsToWire,
  readGiven,
} from '../../entitlements/index.ts'
import { type PublishContext, publish } from '../../events/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { createEnvironmentStates, createStateCache, readVersions } from '../cache/index.ts'
import { type EntitlementList, gatherList } from './list-entitlements.ts'

/**
 * Returns the function that publishes all entitlements of a customer. It renews the version first,
 * so that usage is counted before or after the whole change, and the list is of one instant.
 */
export const entitlementPublisher =
  (entitlements: EntitlementReads): EntitlementPublisher =>
  async (tx, context, { customerKey, trigger, resourceId = null }) => {
    const listed = await listWithin(tx, context, { customerKey, resourceId, entitlements })
    if (trigger !== null)
      await publishList(tx, context, { trigger, customerKey, resourceId, listed })
    return entitlementsToWire(listed)
  }

/**
 * Returns a hook for `customers`. Archiving takes all entitlements away and unarchiving gives them
 * back, so both publish them.
 */
export const archivePublisher =
  (entitlements: EntitlementReads): ArchiveHook =>
  async (tx, context, { key: customerKey, archivedAt }) => {
    const resourceId = null
    const listed = await listWithin(tx, context, { customerKey, resourceId, entitlements })
    const trigger = archivedAt === null ? 'customer_unarchived' : 'customer_archived'
    if (listed.hasAnything)
      await publishList(tx, context, { trigger, customerKey, resourceId, listed })
  }

/**
 * Renews the version of a customer, and lists its entitlements as they are within the transaction.
 * The new version locks out whoever counts usage or ends holds, so that all statements of the list
 * see the same. Nothing is shared with other requests, because the transaction may still be rolled
 * back.
 */
async function listWithin(
  tx: Tx,
  context: PublishContext,
  {
    customerKey,
    resourceId,
    entitlements,
  }: { customerKey: Uuid; resourceId: string | null; entitlements: EntitlementReads },
): Promise<EntitlementList> {
  const { scope, now } = context
  await renewVersion(tx, context, [customerKey])
  const [found = null] = await readVersions(tx, [{ ...scope, customerKey }])
  const versions = required(found, 'the versions of a customer')
  const cache = createStateCache(0)
  const source = {
    ...{ scope, customerKey, cache, entitlements, readGiven, versions },
    state: cache.at(customerKey, versions),
    now: Math.max(now, versions.decidedAt),
    reader: tx,
    environment: createEnvironmentStates().at(scope, versions),
  }
  return required(await gatherList(source, resourceId), 'a list that was read')
}

async function publishList(
  tx: Tx,
  context: PublishContext,
  { trigger, customerKey, resourceId, listed }: PublishedList,
): Promise<void> {
  const customerId = await readValue(
    tx,
    column.text,
    sql`select id from ${customerWithKey(sql`${customerKey}::uuid`)} of_customer`,
  )
  const of = resourceId === null ? { customerId } : { customerId, resourceId }
  const after = { ...of, trigger, ...entitlementsToWire(listed) }
  await publish(tx, context, [
    { type: 'entitlements.updated', customerKey, objectId: customerId, before: null, after },
  ])
}

type PublishedList = {
  trigger: NonNullable<EntitlementUpdate['trigger']>
  customerKey: Uuid
  resourceId: string | null
  listed: EntitlementList
}
