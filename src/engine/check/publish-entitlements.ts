import { type ArchiveHook, customerWithKey, renewVersion } from '../../customers/index.ts'
import { column, readValue, sql, type Tx } from '../../db/index.ts'
import {
  type EntitlementPublisher,
  type EntitlementReads,
  type EntitlementUpdate,
  entitlementsToWire,
  type PublisherOfMany,
  readGiven,
} from '../../entitlements/index.ts'
import { type PublishContext, publish } from '../../events/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Uuid } from '../../kernel/ids.ts'
import {
  createEnvironmentStates,
  createStateCache,
  type EngineContext,
  type EngineMemory,
  readVersions,
} from '../cache/index.ts'
import { type EntitlementList, gatherList } from './list-entitlements.ts'

/**
 * Returns the function that publishes all entitlements of a customer. It renews the version first,
 * so that usage is counted before or after the whole change, and the list is of one instant.
 */
export const entitlementPublisher = (entitlements: EntitlementReads): EntitlementPublisher =>
  publisherWith(() => ({ ...nothingShared(), entitlements }))

/** Returns `PublisherOfMany`. The catalog is read from the memory of the server. */
export const publisherOfMany =
  (engine: EngineContext): PublisherOfMany =>
  (app) => {
    const { environments, readGiven } = engine.memoryOf(app)
    const { entitlements } = engine
    return publisherWith(() => ({ environments, readGiven, entitlements }))
  }

const publisherWith =
  (sourceOf: () => ListSource): EntitlementPublisher =>
  async (tx, context, { customerKey, trigger, resourceId = null }) => {
    const [listed, customerId] = await Promise.all([
      listWithin(tx, context, { customerKey, resourceId, ...sourceOf() }),
      trigger === null ? '' : customerIdOf(tx, customerKey),
    ])
    if (trigger !== null)
      await publishList(tx, context, { trigger, customerKey, customerId, resourceId, listed })
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
    const source = { ...nothingShared(), entitlements }
    const [listed, customerId] = await Promise.all([
      listWithin(tx, context, { customerKey, resourceId, ...source }),
      customerIdOf(tx, customerKey),
    ])
    const trigger = archivedAt === null ? 'customer_unarchived' : 'customer_archived'
    if (listed.hasAnything)
      await publishList(tx, context, { trigger, customerKey, customerId, resourceId, listed })
  }

/** From what a list is made, besides the state of the customer. */
type ListSource = Pick<EngineMemory, 'environments' | 'readGiven'> & {
  entitlements: EntitlementReads
}

/** For a transaction that does not hold the catalog: it may meet several versions of it. */
const nothingShared = () => ({ environments: createEnvironmentStates(), readGiven })

/**
 * Renews the version of a customer, and lists its entitlements as they are within the transaction.
 * The new version locks out whoever counts usage or ends holds, so that all statements of the list
 * see the same. The state of the customer is not shared with other requests, because the
 * transaction may still be rolled back.
 */
async function listWithin(
  tx: Tx,
  context: PublishContext,
  {
    customerKey,
    resourceId,
    environments,
    ...reads
  }: ListSource & { customerKey: Uuid; resourceId: string | null },
): Promise<EntitlementList> {
  const { scope, now } = context
  const [, [found = null]] = await Promise.all([
    renewVersion(tx, context, [customerKey]),
    readVersions(tx, [{ ...scope, customerKey }]),
  ])
  const versions = required(found, 'the versions of a customer')
  const cache = createStateCache(0)
  const source = {
    ...{ ...reads, scope, customerKey, cache, versions },
    state: cache.at(customerKey, versions),
    now: Math.max(now, versions.decidedAt),
    reader: tx,
    environment: environments.at(scope, versions),
  }
  return required(await gatherList(source, resourceId), 'a list that was read')
}

async function publishList(
  tx: Tx,
  context: PublishContext,
  { trigger, customerKey, customerId, resourceId, listed }: PublishedList,
): Promise<void> {
  const of = resourceId === null ? { customerId } : { customerId, resourceId }
  const after = { ...of, trigger, ...entitlementsToWire(listed) }
  await publish(tx, context, [
    { type: 'entitlements.updated', customerKey, objectId: customerId, before: null, after },
  ])
}

const customerIdOf = (tx: Tx, customerKey: Uuid): Promise<string> =>
  readValue(
    tx,
    column.text,
    sql`select id from ${customerWithKey(sql`${customerKey}::uuid`)} of_customer`,
  )

type PublishedList = {
  trigger: NonNullable<EntitlementUpdate['trigger']>
  customerKey: Uuid
  customerId: string
  resourceId: string | null
  listed: EntitlementList
}
