import type { ArchiveHook } from '../customers/index.ts'
import type { Reader } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { announceArchiving, announceUpdated, type UpdateAnnouncer } from './announce-updated.ts'
import type { CustomerQuery } from './entitlement-store.ts'
import type { Evaluation } from './evaluate.ts'
import {
  type EffectiveEntitlementOf,
  type EntitlementThen,
  type FeatureQuery,
  readHeld,
  readHeldThen,
} from './held-store.ts'
import type { Readable } from './holding.ts'
import { type Entitlements, entitlementsOf } from './list-entitlements.ts'
import {
  answerCredit,
  answerFeature,
  type CreditCheck,
  type CustomerAnswer,
  type EvaluatedCredit,
  type FeatureCheck,
} from './queries.ts'
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
  /** See `answerFeature`. */
  answerFeature(
    db: Readable,
    customer: CustomerQuery,
    check: FeatureCheck,
  ): Promise<CustomerAnswer<Evaluation>>
  /** See `answerCredit`. */
  answerCredit(
    reader: Reader,
    customer: CustomerQuery,
    check: CreditCheck,
  ): Promise<CustomerAnswer<EvaluatedCredit>>
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
  answerFeature: (db, customer, check) => answerFeature(db, { ...customer, sources }, check),
  answerCredit: (reader, customer, check) => answerCredit(reader, { ...customer, sources }, check),
  listEntitlements: (db, customer) => entitlementsOf(db, { ...customer, sources }),
  announceUpdated: (tx, context, update) => announceUpdated(tx, context, { ...update, sources }),
  announceArchiving: announceArchiving(sources),
})
