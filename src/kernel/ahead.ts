import type { Instant } from './clock.ts'

/**
 * How to correct times that a server wrote while its clock was ahead. Times later than `beyond`
 * cannot be right and become `at`. Times between `at` and `beyond` do not change, because clocks
 * may differ by that much.
 */
export type Ahead = { at: Instant; beyond: Instant }

/** Returns `at` for an instant later than `beyond`, else the instant itself. */
export const turnedBack = (instant: Instant, { at, beyond }: Ahead): Instant =>
  instant > beyond ? at : instant
