import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'

/**
 * How the amounts of records become usage. A meter that counts is a SUM whose amounts are 1, and so
 * is a feature without a meter.
 */
export const AGGREGATES = ['SUM', 'MAX', 'MIN', 'AVG', 'UNIQUE'] as const
export type Aggregate = (typeof AGGREGATES)[number]

/**
 * How far ahead of its acceptance a record may have occurred, in milliseconds: clocks of callers
 * run fast. So no record of a window was accepted earlier than this before the window.
 */
export const AHEAD_LIMIT_MS = 3_600_000

/** The resource of usage that belongs to none. */
export const NO_RESOURCE: Uuid = '00000000-0000-0000-0000-000000000000'

/** What has usage: a feature of a customer, for one of its resources or for none. */
export type Metered = { featureKey: Uuid; resourceKey: Uuid }

/** Usage of a window, as it is kept. */
export type Total = {
  window: Window
  aggregate: Aggregate
  /** Signed, and before any unit transformation. */
  value: Quantity
  /** When the latest record of the window occurred. */
  lastAt: Instant
}

/** Which usage is asked for. */
export type UsageQuery = Metered & { window: Window; aggregate: Aggregate }
