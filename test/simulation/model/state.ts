import type { Instant } from '../../../src/kernel/clock.ts'
import type { Quantity } from '../../../src/kernel/quantity.ts'

/**
 * What the model knows: lists of facts, and nothing that is derived from them. Every usage is
 * summed anew from the records whenever it is asked for.
 */
export type State = {
  types: Map<string, EntityType>
  features: Map<string, Feature>
  currencies: Set<string>
  /** What becomes of a dimension that should have named somebody and does not. */
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

/** Counts the events of one name, and if `where` is given only those with this dimension. */
export type Meter = {
  function: 'SUM' | 'COUNT' | 'MAX' | 'UNIQUE'
  field: string | null
  eventName: string
  where: { field: string; value: string } | null
}

export type Customer = {
  id: string
  archived: boolean
  /** The last instant at which something was decided for the customer; decisions never go back. */
  decidedAt: Instant
  entities: Map<string, Entity>
  budgets: Budget[]
  grants: Grant[]
  records: UsageRecord[]
  /** Everything that an idempotency key was spent on, by operation, capability and key. */
  keys: Map<string, KeptAnswer>
  reservations: Reservation[]
}

/** A placed entity has had a budget row; its `parentId` may be null all the same: a root. */
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
  /** In the order of the ids. */
  scope: readonly string[]
  limit: Quantity | null
  cadence: string
  /** Of a level, which is of all time whatever the cadence. */
  isLevel: boolean
  createdAt: Instant
}

/** A promotional entitlement, which is the base that all budgets narrow. */
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

/** One thing that counted: for the customer, and for each budget that it was attributed to then. */
export type UsageRecord = {
  featureId: string
  amount: Quantity
  /** What a meter of distinct values saw. */
  mark: string | null
  at: Instant
  isSet: boolean
  counted: ReadonlyMap<Budget, Quantity>
}

/** What a key was used for, and what was decided then; of reports and events nothing is. */
export type KeptAnswer = {
  content: string
  decision: Decision | null
  /** The dimensions that named nobody then. */
  unresolved?: readonly string[]
  reservation: Reservation | null
}

export type Decision = { isGranted: boolean; reason: Reason | null; recorded: boolean }

export type Reservation = {
  featureId: string
  dimensions: Readonly<Record<string, string | number | boolean>>
  amount: Quantity
  /** The hold, and what is committed of it, lie in the windows of this instant. */
  at: Instant
  expiresAt: Instant
  /** One that is past `expiresAt` has expired, though nothing says so here. */
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
 * What a request comes to. The specification does not say in which order the parts of one request
 * are looked at: of several reasons to refuse it, any may be told.
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
