import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { dayOf, isSameWindow, LIFETIME, type Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'

/**
 * How the amounts of records become usage. A counting meter is a SUM of ones. A feature without a
 * meter is a SUM.
 */
export type Aggregate = 'SUM' | 'MAX' | 'MIN' | 'AVG' | 'UNIQUE'

/** The numbers of a window from which any aggregate can be computed. `usageOf` does that. */
export type PartialAggregate = {
  /** The number of records that counted. */
  count: bigint
  sum: Quantity
  /** Null without records. */
  min: Quantity | null
  max: Quantity | null
  /** The number of distinct values. */
  distinct: bigint
}

/**
 * By how much the instant of a record may be later than its acceptance, in milliseconds, because
 * clocks of callers run fast. So records of a window were accepted at most this long before its
 * start.
 */
export const AHEAD_LIMIT_MS = 3_600_000

/** The resource of usage that belongs to no resource. */
export const NO_RESOURCE: Uuid = '00000000-0000-0000-0000-000000000000'

/** What has usage: a feature of a customer, for one of its resources or for none. */
export type MeterSubject = { featureKey: Uuid; resourceKey: Uuid }

/** The subject of any customer. */
export type CustomerMeterSubject = MeterSubject & { customerKey: Uuid }

/** A window of a subject. */
export type WindowOf = CustomerMeterSubject & { window: Window }

/** The stored total of a window. */
export type Total = {
  window: Window
  tally: PartialAggregate
  /** The amount that open reservations hold in the window. */
  held: Quantity
  /** When the latest record of the window occurred. */
  lastAt: Instant
}

/** A total with what is also needed to count a SET. */
export type WindowTotal = Total & {
  /** When the latest SET occurred. Earlier ones are ignored. */
  setAt: Instant | null
}

/**
 * Returns whether a window always has a stored total once anything has occurred in it: the
 * lifetime, which knows when the latest record occurred, and each UTC day, from which other windows
 * are computed.
 */
export const isAlwaysKept = (window: Window): boolean =>
  isSameWindow(window, LIFETIME) || isSameWindow(window, dayOf(window.start))

/** What a record counts for one feature. */
export type MeterReading = {
  featureKey: Uuid
  amount: Quantity
  /** The distinct value. Null for other aggregates. */
  mark: string | null
}

/** What a record added to one counter of a budget, with the key of the counter. */
export type Posting = {
  assignmentKey: Uuid
  revision: number
  window: Pick<Window, 'start'>
  delta: Quantity
}

/** The entities that a record was attributed to when it was accepted. */
export type Attribution = {
  /** The entities that its dimensions named. */
  direct: readonly Uuid[]
  /** These and all of their ancestors. */
  entities: readonly Uuid[]
  postings: readonly Posting[]
}

/** A record. It is never deleted. */
export type UsageRecord = {
  customerKey: Uuid
  eventKey: Uuid
  occurredAt: Instant
  /** The instant of decision, which is also in the key. */
  acceptedAt: Instant
  kind: 'REPORT' | 'SET' | 'EVENT' | 'CONSUME' | 'COMMIT'
  /** Null unless it is an EVENT. */
  eventName: string | null
  /** As it was sent. Null for an EVENT. */
  value: Quantity | null
  resourceKey: Uuid
  /** JSON; null for none. */
  dimensions: string | null
  measured: readonly MeterReading[]
  /** null: its dimensions named no entity. */
  attribution: Attribution | null
}

/** The signed usage of a window, and the held amount, both before any unit transformation. */
export type UsageAmount = { usage: Quantity; held: Quantity }

/** The subject, window and aggregate of a query. */
export type UsageQuery = MeterSubject & { window: Window; aggregate: Aggregate }

/** An amount that is held for a consumption, and its status. */
export type Reservation = CustomerMeterSubject & {
  /** It contains the instant at which the reservation was created. */
  key: Uuid
  status: 'open' | 'committed' | 'released' | 'expired'
  /** Before any unit transformation. More than 0. */
  amount: Quantity
  /** The amount that was recorded. Null unless it was committed. */
  committedAmount: Quantity | null
  /** The instant of the usage, as in a record. It determines the windows in which it is held. */
  occurredAt: Instant
  /** JSON; null for none. */
  dimensions: string | null
  /** The entities for which it is held, with a posting for each counter in which it is held. */
  attribution: Attribution | null
  createdAt: Instant
  /** From this instant on, it is expired. */
  expiresAt: Instant
  updatedAt: Instant
}
