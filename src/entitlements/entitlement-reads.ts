import type { ArchiveHook } from '../customers/index.ts'
import type { Reader } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import {
  type EffectiveEntitlementOf,
  type FeatureQuery,
  type ResolvedSources,
  readEffectiveEntitlements,
  readEffectiveEntitlementsAt,
  readSubscribed,
} from './effective-entitlement-store.ts'
import type { CustomerQuery } from './entitlement-store.ts'
import type { Readable } from './feature-state.ts'
import { type Entitlements, entitlementsOf } from './list-entitlements.ts'
import {
  type EntitlementPublisher,
  publishEntitlements,
  publishOnArchiving,
} from './publish-entitlements.ts'
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
  /** See `readSubscribed`. */
  readSubscribed(
    reader: Reader,
    subject: Omit<FeatureQuery, 'featureKey'>,
    now: Instant,
  ): Promise<boolean>
  /** See `entitlementsOf`. */
  listEntitlements(db: Readable, customer: CustomerQuery): Promise<Entitlements>
  /** See `publishEntitlements`. */
  publishEntitlements: EntitlementPublisher
  /** See `publishOnArchiving`. */
  publishOnArchiving: ArchiveHook
}

export const entitlementReads = (sources: readonly EntitlementSource[]): EntitlementReads => ({
  readEffectiveEntitlements: (reader, features, now) =>
    readEffectiveEntitlements(reader, features, { now, sources }),
  readEffectiveEntitlementsAt: (reader, features) =>
    readEffectiveEntitlementsAt(reader, features, sources),
  readSubscribed: (reader, subject, now) => readSubscribed(reader, subject, { now, sources }),
  listEntitlements: (db, customer) => entitlementsOf(db, { ...customer, sources }),
  publishEntitlements: (tx, context, update) =>
    publishEntitlements(tx, context, { ...update, sources }),
  publishOnArchiving: publishOnArchiving(sources),
})
