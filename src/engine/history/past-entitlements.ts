import { type BareFeature, findFeaturesByKey } from '../../catalog/features/index.ts'
import { findInstant, requireCustomer } from '../../customers/index.ts'
import type { EntitlementReads, ResolvedSources } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { inQuery } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { PAGE_LIMITS } from '../../kernel/page.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import type { Call } from '../../operation.ts'
import { findResource } from './find-resource.ts'

/** The entitlements of a customer or a resource at an instant. */
export type PastQuery = {
  customerId: string
  resourceId: string | null
  at: Instant
  /** The last feature of the page before. */
  after: Uuid | null
  limit?: number | undefined
}

/** What a customer held of a feature. */
export type PastEntitlement = ResolvedSources & { feature: BareFeature }

/** A page ends after the feature with which it has so many sources: about 3 MB. */
const SOURCES = 10_000

/**
 * Returns the entitlements to the features that were given or taken away at an instant, newest
 * feature first. `next` is the cursor of the next page. 404 `CustomerNotFound`,
 * `CustomerResourceNotFound`; 400 `InvalidArgumentError` for the future.
 */
export async function listPastEntitlements(
  { app, scope }: Call,
  reads: EntitlementReads,
  { customerId, resourceId, at, after, limit = PAGE_LIMITS.default }: PastQuery,
): Promise<{ data: PastEntitlement[]; next: Uuid | null }> {
  return app.db.snapshot(async (reader) => {
    const customerKey = await requireCustomer(reader, scope, customerId)
    const found = await findResource(reader, { customerKey, customerId, resourceId })
    if (at > (await findInstant(reader, customerKey, app.clock.now())))
      throw badInput(inQuery('at'), 'query: at is in the future', 'InvalidArgumentError')
    const owner = { customerKey, resourceKey: found === NO_RESOURCE ? null : found }
    const [holding] = await reads.readHoldings(reader, [{ customerKey, at }])
    const held = required(holding, 'what a customer held')
    const page = { after, before: null, limit }
    const asked = { ...owner, at, holding: held, page }
    const { data: keys, pagination } = await reads.listFeaturesAt(reader, scope, asked)
    const featureKeys = keys.map(({ key }) => key)
    const features = await findFeaturesByKey(reader, featureKeys)
    const entitlements = await reads.readEffectiveEntitlementsAt(
      reader,
      featureKeys.map((featureKey) => ({ ...owner, featureKey, at })),
      { holdingOf: () => held },
    )
    const all = entitlements.map((entitlement, index) => {
      const feature = features.find(({ key }) => key === featureKeys[index])
      return { ...entitlement, feature: required(feature, 'a feature of the list') }
    })
    const data = all.slice(0, lengthWithin(all))
    const isCut = data.length < all.length
    return { data, next: isCut ? (data.at(-1)?.feature.key ?? null) : pagination.next }
  })
}

/** Returns how many entitlements fit into a page: at least one. */
function lengthWithin(all: readonly PastEntitlement[]): number {
  let sources = 0
  const last = all.findIndex((entitlement) => {
    sources += entitlement.sources.length
    return sources >= SOURCES
  })
  return last === -1 ? all.length : last + 1
}
