import type { Instant } from '../kernel/clock.ts'
import type { Window } from '../kernel/period.ts'
import { type Quantity, wholeUnits } from '../kernel/quantity.ts'

/** A percentage of a limit. When usage reaches it, an event is published. */
export type Threshold = Quantity

/** The window of a budget after usage was added. */
export type ThresholdCheck = {
  /** In the units of the limit, signed. */
  usage: Quantity
  usageLimit: Quantity | null
  window: Window
  /** The thresholds already crossed in this window. */
  fired: readonly Threshold[]
}

/**
 * Returns the thresholds that a budget has newly crossed in a window, ascending. This includes
 * thresholds that are crossed because the limit was lowered. Without a limit, or if the window is
 * over, there are none. If the limit is 0, any usage crosses all thresholds.
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
 * Returns the crossed thresholds that a level is below again. Nothing resets a level, so they can
 * be crossed again.
 */
export const uncrossedBy = ({ fired, ...reached }: Omit<ThresholdCheck, 'window'>): Threshold[] =>
  fired.filter((threshold) => !isReached(threshold, reached))

const isReached = (
  threshold: Threshold,
  { usage, usageLimit }: Pick<ThresholdCheck, 'usage' | 'usageLimit'>,
): boolean => usageLimit !== null && usage > 0n && usage * wholeUnits(100) >= threshold * usageLimit
