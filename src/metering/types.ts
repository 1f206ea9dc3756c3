import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { dayOf, isSameWindow, LIFETIME, type Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'

/**
 * How the amounts of records become usage. A meter that counts is a SUM whose amounts are 1, and so
 * is a feature without a meter.
 */
export type Aggregate = 'SUM' | 'MAX' | 'MIN' | 'AVG' | 'UNIQUE'

/** All that any aggregate needs to know of the records of a window; `usageOf` tells usage by it. */
export type PartialAggregate = {
  /** Records that counted. */
  count: bigint
  sum: Quantity
  /** Null when nothing counted. */
  min: Quantity | null
  max: Quantity | null
  /** Different values that a meter of distinct ones saw. */
  distinct: bigint
}

/**
 * How far ahead of its acceptance a record may have occurred, in milliseconds: clocks of callers
 * run fast. So no record of a window was accepted earlier than this before the window.
 */
export const AHEAD_LIMIT_MS = 3_600_000

/** The resource of usage that belongs to none. */
export const NO_RESOURCE: Uuid = '00000000-0000-0000-0000-000000000000'

/** What has usage: a feature of a customer, for one of its resources or for none. */
export type MeterSubject = { featureKey: Uuid; resourceKey: Uuid }

/** The same, of any customer. */
export type CustomerMeterSubject = MeterSubject & { customerKey: Uuid }

/** One window of it. */
export type WindowOf = CustomerMeterSubject & { window: Window }

/** What is kept of a window. */
export type Total = {
  window: Window
  tally: PartialAggregate
  /** Held by the open reservations that occurred in it. */
  held: Quantity
  /** When the latest record of the window occurred. */
  lastAt: Instant
}

/** The same, as whoever counts needs it. */
export type WindowTotal = Total & {
  /** When the SET in force occurred; an earlier one is ignored. */
  setAt: Instant | null
}

/**
 * Whether a window has a total as soon as anything has occurred in it: the lifetime, which knows
 * when the latest record occurred, and each day (UTC), of which other windows are made.
 */
export const isAlwaysKept = (window: Window): boolean =>
  isSameWindow(window, LIFETIME) || isSameWindow(window, dayOf(window.start))

/** What a record counts for one feature. */
export type MeterReading = {
  featureKey: Uuid
  amount: Quantity
  /** The value that a meter of distinct ones saw; null for every other. */
  mark: string | null
}

/** What a record added to one counter of a budget, by its key. */
export type Posting = {
  assignmentKey: Uuid
  revision: number
  window: Pick<Window, 'start'>
  delta: Quantity
}

/** Whom a record was attributed to when it was accepted. */
export type Attribution = {
  /** The entities that its dimensions named. */
  direct: readonly Uuid[]
  /** These, and all that is above them. */
  entities: readonly Uuid[]
  postings: readonly Posting[]
}

/** One thing that counted, as it is kept for ever. */
export type UsageRecord = {
  customerKey: Uuid
  eventKey: Uuid
  occurredAt: Instant
  /** The instant of decision; the one in the key. */
  acceptedAt: Instant
  kind: 'REPORT' | 'SET' | 'EVENT' | 'CONSUME' | 'COMMIT'
  /** Of an EVENT, else null. */
  eventName: string | null
  /** As it was sent; null for an EVENT. */
  value: Quantity | null
  resourceKey: Uuid
  /** JSON; null for none. */
  dimensions: string | null
  measured: readonly MeterReading[]
  /** null: its dimensions named no entity. */
  attribution: Attribution | null
}

/** Usage of a window, signed, and what is held beside it: both before any unit transformation. */
export type UsageAmount = { usage: Quantity; held: Quantity }

/** Which usage is asked for. */
export type UsageQuery = MeterSubject & { window: Window; aggregate: Aggregate }

/** An amount that is held for a use, and what became of it. */
export type Reservation = CustomerMeterSubject & {
  /** Its time is that of its making. */
  key: Uuid
  status: 'open' | 'committed' | 'released' | 'expired'
  /** Of raw usage; more than 0. */
  amount: Quantity
  /** What was recorded in its place; null unless it was committed. */
  committedAmount: Quantity | null
  /** As of a record: it chooses the windows. */
  occurredAt: Instant
  /** JSON; null for none. */
  dimensions: string | null
  /** Whom it is held for, with a posting of the amount for each counter that it is held in. */
  attribution: Attribution | null
  createdAt: Instant
  /** Exclusive. */
  expiresAt: Instant
  updatedAt: Instant
}
