import type { Instant } from '../kernel/clock.ts'
import type { Window } from '../kernel/period.ts'
import { type Quantity, wholeUnits } from '../kernel/quantity.ts'

/** A percentage of a limit at which an environment wants to be told. */
export type Threshold = Quantity

/** A budget's window after something was counted in it. */
export type ThresholdCheck = {
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
export function crossedBy(
  thresholds: readonly Threshold[],
  { usage, usageLimit, window, fired }: ThresholdCheck,
  now: Instant,
): Threshold[] {
  if (window.end <= now) return []
  return thresholds
    .filter((threshold) => !fired.includes(threshold))
    .filter((threshold) => isReached(threshold, { usage, usageLimit }))
    .toSorted((one, other) => (one < other ? -1 : 1))
}

/**
 * Those of the thresholds which have fired that a level is below again: nothing resets it, so that
 * they fire anew when it reaches them.
 */
export const uncrossedBy = ({ fired, ...reached }: Omit<ThresholdCheck, 'window'>): Threshold[] =>
  fired.filter((threshold) => !isReached(threshold, reached))

const isReached = (
  threshold: Threshold,
  { usage, usageLimit }: Pick<ThresholdCheck, 'usage' | 'usageLimit'>,
): boolean => usageLimit !== null && usage > 0n && usage * wholeUnits(100) >= threshold * usageLimit
