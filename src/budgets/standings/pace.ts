import type { Instant } from '../../kernel/clock.ts'
import type { Window } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'

/** The usage of a window, in the units that are reported, and the time over which it is spread. */
export type Pace = { usage: Quantity; from: Instant; until: Instant }

/**
 * A pace extends over at least a 24th of its window: an hour of a day. Otherwise one burst at the
 * start of a window, or of a budget, would predict that the limit is reached within seconds.
 */
export const PARTS_OF_WINDOW = 24

/**
 * Returns the pace of the usage of a window until now, from its start or from the creation of the
 * budget. If less than a 24th of the window has passed since then, the pace begins a 24th of the
 * window before now. Null for a window without an end.
 */
export function paceOf(of: {
  window: Window
  createdAt: Instant
  usage: Quantity
  now: Instant
}): Pace | null {
  const { window, createdAt, usage, now } = of
  if (!Number.isFinite(window.end)) return null
  const begun = Math.max(window.start, createdAt)
  // Windows are whole minutes, so this is a whole number.
  const leastMs = (window.end - window.start) / PARTS_OF_WINDOW
  return { usage, from: Math.min(begun, now - leastMs), until: now }
}

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
