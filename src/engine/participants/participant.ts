import type { EntitlementExplanation } from '../../api.gen.ts'
import type { App } from '../../app.ts'
import type {
  BudgetNode,
  CounterDifference,
  OrphanedAttribution,
  PostingProblem,
  Resolution,
  Threshold,
} from '../../budgets/index.ts'
import type { Currency } from '../../catalog/currencies/index.ts'
import type { BareFeature, Feature } from '../../catalog/features/index.ts'
import type { Reader, Tx } from '../../db/index.ts'
import type {
  CreditEvaluation,
  Decision,
  EffectiveEntitlementOf,
  Evaluation,
  Request,
  ResolvedSources,
  Subject,
} from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Window } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Owner, Scope } from '../../kernel/scope.ts'
import type { Reservation, UsageRecord } from '../../metering/index.ts'
import type {
  Comparison,
  ComparisonQuery,
  DistinctValuesDifference,
  TotalDifference,
} from '../../metering/rebuild/index.ts'
import type { Hold } from '../../metering/reservations/index.ts'
import type { OpenHold, ReportResult, ValidatedRecord } from '../types.ts'
import type { CachedCounters } from './cached-counters.ts'
import type { CachedTotals } from './cached-totals.ts'
import type { Stance } from './ways.ts'

/** A kind of limit that takes part in decisions, and in what is counted and held. */
export type Participant = {
  /**
   * Reads what the requests of a batch need. What is cached is not read, so there is no round trip
   * if all of it is cached. `tx` has either locked the versions of the customers, or throws at each
   * read.
   */
  load(tx: Tx, query: PartQuery): Promise<Part>
  /** Frees the amounts of reservations that have ended. Not for use in a batch. */
  free(tx: Tx, scope: Scope, ended: readonly Reservation[]): Promise<void>
  /**
   * Compares the stored usage of a customer with its records. Returns only the fields about rows of
   * this participant.
   */
  compare(reader: Reader, query: UsageComparisonQuery): Promise<Partial<UsageComparison>>
  /**
   * Computes the stored usage of a customer from its records, and replaces it. The customer's
   * version must be locked.
   */
  rebuild(tx: Tx, owner: Owner): Promise<void>
  /**
   * Returns how it decides questions about a customer, in their order. What is missing is read; the
   * number of statements does not depend on the number of questions. Null: something is missing,
   * and there is no reader.
   */
  recall(source: UsageSource, queries: readonly CheckQuery[]): Recall
  /**
   * Returns the instants at which its fields of a result may change without a write. Ends of holds
   * are left out.
   */
  changesAt(outcome: Outcome): readonly (Instant | null)[]
  /** Returns the holds that may have caused its denial. Null: none may have. */
  blockingHolds(outcome: Outcome, owner: HoldOwner): BlockingHolds | null
  /** Returns the fields of an explanation that it shows. */
  explain(shown: Shown): Explanation
  /** Returns how it takes part in the ways to the opposite result. */
  stance(shown: Shown): Stance
}

/** `now` is the instant of the comparison. Windows that ended before `forgotten` are left out. */
export type UsageComparisonQuery = ComparisonQuery & { now: Instant; forgotten: Instant }

/** The differences between the stored usage of a customer and its records. */
export type UsageComparison = {
  totals: Comparison<TotalDifference>
  marks: Comparison<DistinctValuesDifference>
  counters: Comparison<CounterDifference>
  /** References of records and reservations to budgets and entities that do not exist. */
  attributions: Comparison<OrphanedAttribution>
  postings: Comparison<PostingProblem>
}

/**
 * What a participant knows of a batch's customers, with what the requests of the batch add. Each
 * request works on a savepoint, so that a refused request changes nothing. After an error, the
 * savepoint must be dropped.
 */
export type Part = {
  /** Returns an empty part on top of this one. */
  savepoint(): Part
  /** Adds the changes of a savepoint to the part below it. */
  commit(): void
  /**
   * Decides an amount, with what earlier participants have decided. Returns the decision of all of
   * them so far, with what this one shows.
   */
  authorize(query: AuthorizationQuery, before: Authorization): Authorization
  /** Returns an authorization with the usage after posting. The decision does not change. */
  after(query: AuthorizationQuery, authorized: Authorization): Authorization
  /**
   * Counts a record, whatever the limits are. Returns what the record counted for, with what
   * earlier participants have counted. 400 `EntitlementUsageOutOfRangeError`,
   * `UsageMeasurementDiffOutOfRangeError`.
   */
  post(record: ValidatedRecord, before: Postings): Postings
  /**
   * Holds the amount of a reservation that was made from a record. 400
   * `EntitlementUsageOutOfRangeError`.
   */
  hold(record: ValidatedRecord, reservation: Reservation): void
  /** Frees the amount that a reservation was holding. */
  free(reservation: Reservation): void
  /** Returns the result of a report, with what this participant shows of the usage after it. */
  report(record: ValidatedRecord, before: ReportResult): ReportResult
  /** Whether the changes must be written under the locks of the customers. */
  needsLocks(): boolean
  /** Whether one of the customers had usage or a hold of a feature before the batch. */
  isUsed(featureKey: Uuid): boolean
  /** Writes the changes. The number of statements does not depend on the number of records. */
  save(tx: Tx, to: { app: App; scope: Scope }): Promise<unknown>
  /** Caches what is known of the customers. Call it after COMMIT. */
  cache(customers: CommittedCustomers): void
}

/** What the requests of a batch need, and what is cached of its customers. */
export type PartQuery = {
  scope: Scope
  /** Records that count in any case. */
  records: readonly ValidatedRecord[]
  /** Requests that participants decide. */
  decisions: readonly Pick<AuthorizationQuery, 'record' | 'resolution' | 'isHeld'>[]
  thresholds: readonly Threshold[]
  /** Counters of a customer's windows that ended by this instant may have been purged. */
  closedUntilOf(customerKey: Uuid): Instant
  usage: UsageCache
}

/** What is cached of a customer's usage, one entry for each participant. */
export type CachedUsage = { readonly limits: CachedTotals; readonly budgets: CachedCounters }

/** The cached usage of the customers of a batch. */
export type UsageCache = {
  cachedOf(customerKey: Uuid): CachedUsage
  /** Notes that a part of a customer's usage is not cached. */
  noteMiss(customerKey: Uuid): void
}

/** The customers of a batch after COMMIT. */
export type CommittedCustomers = Pick<UsageCache, 'cachedOf'> & {
  /** The instant of decision. */
  nowOf(customerKey: Uuid): Instant
}

/** The entitlement of a customer to a feature, as a decision needs it. */
export type FeatureLimit = {
  subject: Subject
  feature: Feature
  entitlement: EffectiveEntitlementOf
  /** The window whose usage is compared with the limit. */
  window: Window
}

/** An amount of a feature, and the entities that its dimensions name. */
export type AuthorizationQuery = FeatureLimit & {
  /** What is recorded if the amount counts. */
  record: ValidatedRecord
  amount: Quantity
  /** null: the dimensions name no entity. */
  resolution: Resolution | null
  /** The attribution keys that deny it, because their values name no entity. */
  denying: readonly string[]
  /**
   * Whether the amount is beyond that of a reservation. Then the decision is made by the budgets in
   * which the reservation is held. The budgets to which the dimensions lead now are only shown.
   */
  isHeld: boolean
}

export type BudgetPaths = readonly (readonly BudgetNode[])[]

/** What participants show with a decision. Each sets its own fields. */
export type Shown = {
  /** The decision by the entitlement and by dimensions that name no entity. */
  evaluated?: Evaluation
  /** The same for a currency. */
  credit?: CreditEvaluation
  /** The attribution keys that deny, because their values name no entity. */
  denying?: readonly string[]
  /** Absent if the question has no dimensions. */
  chains?: BudgetPaths
  /** The attribution keys whose values name no entity. Absent like `chains`. */
  unresolved?: readonly string[]
}

/** A decision of participants, with what they show. */
export type Authorization = { decision: Decision; shown: Shown }

/** What a record counted for. */
export type Postings = Pick<UsageRecord, 'measured' | 'attribution'>

/** What a question is about. A feature is null if none has the id. */
export type Capability =
  | { kind: 'feature'; feature: BareFeature | null }
  | { kind: 'currency'; currency: Currency }

/** A question, which records nothing, with what all participants need to decide it. */
export type CheckQuery = {
  /** The instant of decision. */
  now: Instant
  subject: Subject
  /** `NO_RESOURCE` for none. */
  resourceKey: Uuid
  capability: Capability
  /** null: there is no such feature, or the capability is a currency. */
  entitlement: ResolvedSources | null
  request: Request
  /** null: the question has no dimensions, so budgets do not matter. */
  resolution: Resolution | null
  /** The attribution keys that deny it, because their values name no entity. */
  denying: readonly string[]
  /** Reservations that have expired, but are still part of the cached usage. */
  expired: readonly OpenHold[]
}

/** The cached usage of a customer, and the reader for what it lacks. */
export type UsageSource = {
  customerKey: Uuid
  /** The instant of decision. */
  now: Instant
  cached: CachedUsage
  /** Reads in a snapshot that has the versions of `cached`. With null, nothing is read. */
  reader: Reader | null
  /** Call it after each addition to `cached`. */
  grown(): void
}

/** Decides a question by one participant, with what those before it have decided. */
export type Decider = (before: Authorization) => Authorization

/**
 * It is a promise only if something must be read. Most checks read nothing, and waiting for a
 * promise takes time.
 */
export type Recall = readonly Decider[] | null | Promise<readonly Decider[]>

/** What participants have shown of a decision. */
export type Outcome = {
  /** The instant of decision. */
  now: Instant
  /** The decision by the entitlement. There is no feature state of a currency. */
  entitlement: { decision: Decision } & Pick<Evaluation, 'featureState' | 'validUntil'>
  chains: BudgetPaths
}

/** The customer or the resource to which holds belong. */
export type HoldOwner = { customerKey: Uuid; resourceKey: Uuid }

/** The holds that may have caused a denial. */
export type BlockingHolds = {
  includes(hold: Pick<Hold, 'featureKey' | 'resourceKey' | 'occurredAt' | 'postings'>): boolean
  /** Reads when the first of them ends after the instant of decision. Null: there are none. */
  readEnd(reader: Reader): Promise<Instant | null>
}

/** The fields of an explanation that participants show. */
export type Explanation = Partial<
  Pick<EntitlementExplanation, 'sources' | 'holds' | 'isLevel' | 'chains' | 'unresolved'>
>
