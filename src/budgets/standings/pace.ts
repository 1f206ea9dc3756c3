import type { Instant } from '../../kernel/clock.ts'
import type { Quantity } from '../../kernel/quantity.ts'

/** The usage of the last part of a window, in the units that are reported. */
export type Pace = { usage: Quantity; from: Instant; until: Instant }

/** The usage of a window at an instant in it. */
export type UsageAt = { at: Instant; usage: Quantity }

/**
 * Returns the pace from an earlier instant of a window until now. Null if no time has passed since.
 */
export const paceSince = (earlier: UsageAt, now: UsageAt): Pace | null =>
  earlier.at < now.at ? { usage: now.usage - earlier.usage, from: earlier.at, until: now.at } : null

/**
 * Returns when `left` is used up if usage goes on at a pace: the first millisecond in which it is.
 * That is `now` if nothing is left. Null if the window ends before, and without a pace above 0.
 */
export function exhaustsAt(of: {
  /** What may still be used, in the units of the pace. Null: there is no limit. */
  left: Quantity | null
  pace: Pace | null
  /** The end of the window; `Infinity` for a level. */
  windowEnd: Instant
  now: Instant
}): Instant | null {
  const { left, pace, windowEnd, now } = of
  if (left === null) return null
  if (left <= 0n) return now
  if (pace === null || pace.usage <= 0n) return null
  const afterMs = (left * BigInt(pace.until - pace.from) + pace.usage - 1n) / pace.usage
  // Compared as integers: with a tiny pace the instant would exceed what a number is exact for.
  if (!Number.isFinite(windowEnd) || BigInt(now) + afterMs >= BigInt(windowEnd)) return null
  return now + Number(afterMs)
}
