import type { ArchiveHook } from '../customers/index.ts'
import type { Reader } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { announceArchiving, announceUpdated, type UpdateAnnouncer } from './announce-updated.ts'
import type { CustomerQuery } from './entitlement-store.ts'
import {
  type EffectiveEntitlementOf,
  type EntitlementThen,
  type FeatureQuery,
  readHeld,
  readHeldThen,
  readSubscribed,
} from './held-store.ts'
import type { Readable } from './holding.ts'
import { type Entitlements, entitlementsOf } from './list-entitlements.ts'
import type { EntitlementSource } from './source-port.ts'

/** Everything that reads entitlements, bound to the sources of this installation. */
export type EntitlementReads = {
  /** See `readHeld`. */
  readHeld(
    reader: Reader,
    features: readonly FeatureQuery[],
    now: Instant,
  ): Promise<EffectiveEntitlementOf[]>
  /** See `readHeldThen`. */
  readHeldThen(
    reader: Reader,
    features: readonly (FeatureQuery & { at: Instant })[],
  ): Promise<EntitlementThen[]>
  /** See `readSubscribed`. */
  readSubscribed(
    reader: Reader,
    subject: Omit<FeatureQuery, 'featureKey'>,
    now: Instant,
  ): Promise<boolean>
  /** See `entitlementsOf`. */
  listEntitlements(db: Readable, customer: CustomerQuery): Promise<Entitlements>
  /** See `announceUpdated`. */
  announceUpdated: UpdateAnnouncer
  /** See `announceArchiving`. */
  announceArchiving: ArchiveHook
}

export const entitlementReads = (sources: readonly EntitlementSource[]): EntitlementReads => ({
  readHeld: (reader, features, now) => readHeld(reader, features, { now, sources }),
  readHeldThen: (reader, features) => readHeldThen(reader, features, sources),
  readSubscribed: (reader, subject, now) => readSubscribed(reader, subject, { now, sources }),
  listEntitlements: (db, customer) => entitlementsOf(db, { ...customer, sources }),
  announceUpdated: (tx, context, update) => announceUpdated(tx, context, { ...update, sources }),
  announceArchiving: announceArchiving(sources),
})
