import type { Instant } from '../../../src/kernel/clock.ts'
import type { Quantity } from '../../../src/kernel/quantity.ts'

/**
 * The state of the model: lists of facts, and nothing that is derived from them. Usage is computed
 * from the records each time.
 */
export type State = {
  types: Map<string, EntityType>
  features: Map<string, Feature>
  currencies: Set<string>
  /** Whether dimensions that name no entity deny a request. */
  unknownDimensions: UnknownDimensions
  customers: Map<string, Customer>
}

export type UnknownDimensions = 'ignore' | 'deny'

export type EntityType = { id: string; attributionKeys: readonly string[] }

export type Feature = {
  id: string
  type: 'BOOLEAN' | 'NUMBER'
  meterType: 'None' | 'FLUCTUATING' | 'INCREMENTAL'
  meter: Meter | null
}

/** Counts the events with one name. With `where`, only those with this dimension. */
export type Meter = {
  function: 'SUM' | 'COUNT' | 'MAX' | 'UNIQUE'
  field: string | null
  eventName: string
  where: { field: string; value: string } | null
}

export type Customer = {
  id: string
  archived: boolean
  /** The instant of the last decision. No later decision is before it. */
  decidedAt: Instant
  entities: Map<string, Entity>
  budgets: Budget[]
  grants: Grant[]
  records: UsageRecord[]
  /** The results of requests with a deduplication key, by operation, capability and key. */
  keys: Map<string, KeptAnswer>
  reservations: Reservation[]
}

/** `placed`: the entity has had a budget, and so has a position. A root has no parent. */
export type Entity = {
  id: string
  typeId: string
  archived: boolean
  placed: boolean
  parentId: string | null
}

/** What is limited: a feature, or credits of a currency. */
export type Capability = { kind: 'feature' | 'currency'; id: string }

export type Budget = {
  entityId: string
  capability: Capability
  /** Ordered by id. */
  scope: readonly string[]
  limit: Quantity | null
  cadence: string
  /** The budget of a level covers all time, whatever its cadence. */
  isLevel: boolean
  createdAt: Instant
}

/** A promotional entitlement. */
export type Grant = {
  featureId: string
  limit: Quantity | null
  unlimited: boolean
  soft: boolean
  reset: Reset | null
  startsAt: Instant
  endsAt: Instant | null
}

export type ResetUnit = 'HOUR' | 'DAY' | 'WEEK' | 'MONTH' | 'YEAR'
export type Reset = { unit: ResetUnit; accordingTo: string }

/** A record. `counted` has the budgets to which it was attributed, with their amounts. */
export type UsageRecord = {
  featureId: string
  amount: Quantity
  /** The distinct value, for a meter of distinct values. */
  mark: string | null
  at: Instant
  isSet: boolean
  counted: ReadonlyMap<Budget, Quantity>
}

/** The first request with a key, and its decision. Reports and events have no decision. */
export type KeptAnswer = {
  content: string
  decision: Decision | null
  /** The attribution keys whose values named no entity. */
  unresolved?: readonly string[]
  reservation: Reservation | null
}

export type Decision = { isGranted: boolean; reason: Reason | null; recorded: boolean }

export type Reservation = {
  featureId: string
  dimensions: Readonly<Record<string, string | number | boolean>>
  amount: Quantity
  /** The hold and the committed amount count in the windows of this instant. */
  at: Instant
  expiresAt: Instant
  /** An open reservation has expired at `expiresAt`, without a change of this field. */
  status: 'open' | 'committed' | 'released'
  committedAmount: Quantity | null
  budgets: ReadonlySet<Budget>
}

export type Reason =
  | 'CustomerNotFound'
  | 'CustomerIsArchived'
  | 'CustomerResourceNotFound'
  | 'FeatureNotFound'
  | 'NoActiveSubscription'
  | 'FeatureTypeMismatch'
  | 'RequestedUsageExceedingLimit'
  | 'InsufficientCredits'
  | 'EntitlementNotFound'
  | 'BudgetExceeded'

export type Refusal = { status: 400 | 404 | 409; code: string | null }

/**
 * The outcome of a request. If there are several reasons to refuse it, the server may report any of
 * them, because no order is specified.
 */
export type Outcome<T> = { done: T } | { refused: readonly Refusal[] }

export const createState = (): State => ({
  types: new Map(),
  features: new Map(),
  currencies: new Set(),
  unknownDimensions: 'ignore',
  customers: new Map(),
})

export const createCustomer = (id: string): Customer => ({
  id,
  archived: false,
  decidedAt: Number.NEGATIVE_INFINITY,
  entities: new Map(),
  budgets: [],
  grants: [],
  records: [],
  keys: new Map(),
  reservations: [],
})
