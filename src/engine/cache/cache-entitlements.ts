import type { CustomerVersion } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import type { EffectiveEntitlementOf, EntitlementReads } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { type CustomerMeterSubject, NO_RESOURCE } from '../../metering/index.ts'
import { createCache } from './cache.ts'

/** Features of customers that are remembered, about a kilobyte each. */
const REMEMBERED = 50_000

/** What a customer, or a resource of it, holds of a feature at the instant of decision. */
export type HoldingOf = (metered: CustomerMeterSubject) => EffectiveEntitlementOf

export type ReadHoldings = (
  reader: Reader,
  metered: readonly CustomerMeterSubject[],
  heads: ReadonlyMap<Uuid, CustomerVersion>,
) => Promise<HoldingOf>

type CachedEntitlement = {
  holding: EffectiveEntitlementOf
  version: Uuid
  from: Instant
  until: Instant | null
}

const nameOf = ({ customerKey, featureKey, resourceKey }: CustomerMeterSubject): string =>
  `${customerKey} ${featureKey} ${resourceKey}`

const isGood = ({ version, from, until }: CachedEntitlement, head: CustomerVersion): boolean =>
  version === head.version && from <= head.now && (until === null || head.now < until)

/**
 * Reads what is held of features, in one statement, and remembers what is held until the structure
 * of the customer changes or a source begins or ends.
 */
export function cacheEntitlements({ readHeld }: EntitlementReads): ReadHoldings {
  const remembered = createCache<CachedEntitlement>(REMEMBERED)
  return async (reader, metered, heads) => {
    const found = new Map<string, EffectiveEntitlementOf>()
    const unknown = new Map<string, CustomerMeterSubject & { head: CustomerVersion }>()
    for (const each of metered) {
      const name = nameOf(each)
      const head = required(heads.get(each.customerKey), 'the head of a customer')
      const before = remembered.get(name)
      if (before !== undefined && isGood(before, head)) found.set(name, before.holding)
      else unknown.set(name, { ...each, head })
    }
    // Customers whose instants differ are rare: only a clock that went back makes them so.
    for (const [now, asked] of Map.groupBy(unknown.values(), ({ head }) => head.now)) {
      const wanted = asked.map((each) => ({
        ...each,
        resourceKey: each.resourceKey === NO_RESOURCE ? null : each.resourceKey,
      }))
      const answers = await readHeld(reader, wanted, now)
      asked.forEach((each, index) => {
        const holding = required(answers[index], 'what is held')
        const name = nameOf(each)
        found.set(name, holding)
        // Whether a customer holds anything may change without a word about this feature.
        if (holding.resolution.held !== null)
          remembered.set(name, {
            holding,
            version: each.head.version,
            from: now,
            until: holding.validUntil,
          })
      })
    }
    return (each) => required(found.get(nameOf(each)), 'what is held of a feature')
  }
}
