import type { Instant } from '../kernel/clock.ts'
import type { Window } from '../kernel/period.ts'
import { type Quantity, wholeUnits } from '../kernel/quantity.ts'

/** A percentage of a limit at which an environment wants to be told. */
export type Threshold = Quantity

/** A budget's window after something was counted in it. */
export type Reached = {
  /** In limited units, signed. */
  usage: Quantity
  usageLimit: Quantity | null
  window: Window
  /** What has fired for this window. */
  fired: readonly Threshold[]
}

/**
 * The thresholds that a budget has reached in a window and that have not fired, in ascending order:
 * also those that it had passed when its limit went down. None without a limit, and none for a
 * window that is over; a limit of 0 is reached by any usage.
 */
export function firedBy(
  thresholds: readonly Threshold[],
  { usage, usageLimit, window, fired }: Reached,
  now: Instant,
): Threshold[] {
  if (usageLimit === null || usage <= 0n || window.end <= now) return []
  const hundredfold = usage * wholeUnits(100)
  return thresholds
    .filter((threshold) => !fired.includes(threshold) && hundredfold >= threshold * usageLimit)
    .toSorted((one, other) => (one < other ? -1 : 1))
}
