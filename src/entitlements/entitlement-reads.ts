import type { Reader } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import {
  type EffectiveEntitlementOf,
  type EntitledFeature,
  type FeatureQuery,
  type ResolvedSources,
  readEffectiveEntitlements,
  readEffectiveEntitlementsAt,
  readEntitledFeatures,
  readSubscribed,
  type SourceOwner,
} from './effective-entitlement-store.ts'
import type { EntitlementSource } from './source-port.ts'

/** All functions that read entitlements, bound to the sources of this installation. */
export type EntitlementReads = {
  /** See `readEffectiveEntitlements`. */
  readEffectiveEntitlements(
    reader: Reader,
    features: readonly FeatureQuery[],
    now: Instant,
  ): Promise<EffectiveEntitlementOf[]>
  /** See `readEffectiveEntitlementsAt`. */
  readEffectiveEntitlementsAt(
    reader: Reader,
    features: readonly (FeatureQuery & { at: Instant })[],
  ): Promise<ResolvedSources[]>
  /** See `readEntitledFeatures`. */
  readEntitledFeatures(reader: Reader, owner: SourceOwner, now: Instant): Promise<EntitledFeature[]>
  /** See `readSubscribed`. */
  readSubscribed(reader: Reader, owner: SourceOwner, now: Instant): Promise<boolean>
}

export const entitlementReads = (sources: readonly EntitlementSource[]): EntitlementReads => ({
  readEffectiveEntitlements: (reader, features, now) =>
    readEffectiveEntitlements(reader, features, { now, sources }),
  readEffectiveEntitlementsAt: (reader, features) =>
    readEffectiveEntitlementsAt(reader, features, sources),
  readEntitledFeatures: (reader, owner, now) =>
    readEntitledFeatures(reader, owner, { now, sources }),
  readSubscribed: (reader, owner, now) => readSubscribed(reader, owner, { now, sources }),
})
