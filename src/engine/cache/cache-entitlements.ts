import type { CustomerVersion } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import type {
  EffectiveEntitlementOf,
  EntitlementReads,
  ReadGiven,
} from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import { createCache } from '../../kernel/cache.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { type CustomerMeterSubject, NO_RESOURCE } from '../../metering/index.ts'
import { entitlementBytes } from './customer-state.ts'

/** The bytes of all cached entitlements: about 50,000 of features with one source. */
const MAX_BYTES = 48 * 1_048_576

/** The entitlement of a customer or a resource to a feature, at the instant of decision. */
export type EntitlementOf = (subject: CustomerMeterSubject) => EffectiveEntitlementOf

export type ReadEntitlements = (
  reader: Reader,
  subjects: readonly CustomerMeterSubject[],
  customerVersions: ReadonlyMap<Uuid, CustomerVersion>,
) => Promise<EntitlementOf>

type CachedEntitlement = {
  entitlement: EffectiveEntitlementOf
  version: Uuid
  from: Instant
  until: Instant | null
}

const nameOf = ({ customerKey, featureKey, resourceKey }: CustomerMeterSubject): string =>
  `${customerKey} ${featureKey} ${resourceKey}`

const isCurrent = ({ version, from, until }: CachedEntitlement, at: CustomerVersion): boolean =>
  version === at.version && from <= at.now && (until === null || at.now < until)

/**
 * Reads entitlements with a fixed number of statements. An entitlement is cached until the
 * structure of its customer changes, or until a source begins or ends.
 */
export function cacheEntitlements(
  { readEffectiveEntitlements }: EntitlementReads,
  { readGiven }: { readGiven: ReadGiven },
): ReadEntitlements {
  const cached = createCache<string, CachedEntitlement>({
    maxBytes: MAX_BYTES,
    bytesOf: ({ entitlement }) => entitlementBytes(entitlement),
  })
  return async (reader, subjects, customerVersions) => {
    const found = new Map<string, EffectiveEntitlementOf>()
    const missing = new Map<string, CustomerMeterSubject & { at: CustomerVersion }>()
    for (const subject of subjects) {
      const name = nameOf(subject)
      const at = required(customerVersions.get(subject.customerKey), 'the version of a customer')
      const hit = cached.get(name)
      if (hit !== undefined && isCurrent(hit, at)) found.set(name, hit.entitlement)
      else missing.set(name, { ...subject, at })
    }
    // All customers have the same instant of decision, unless the clock of some server was ahead.
    for (const [now, ofInstant] of Map.groupBy(missing.values(), ({ at }) => at.now)) {
      const queries = ofInstant.map((subject) => ({
        ...subject,
        resourceKey: subject.resourceKey === NO_RESOURCE ? null : subject.resourceKey,
      }))
      const entitlements = await readEffectiveEntitlements(reader, queries, { now, readGiven })
      ofInstant.forEach((subject, index) => {
        const entitlement = required(entitlements[index], 'an entitlement')
        const name = nameOf(subject)
        found.set(name, entitlement)
        const { version } = subject.at
        // Without an entitlement, `hasAnything` may change at an instant when nothing of this
        // feature changes. So such a result is not cached.
        if (entitlement.resolution.effective !== null)
          cached.set(name, { entitlement, version, from: now, until: entitlement.validUntil })
      })
    }
    return (subject) => required(found.get(nameOf(subject)), 'an entitlement that was read')
  }
}
