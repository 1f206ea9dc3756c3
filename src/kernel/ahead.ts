import type { Instant } from './clock.ts'

/**
 * What a server whose clock was ahead has written: what is later than `beyond` cannot be, and moves
 * to `at`. Between the two lies what clocks may differ by.
 */
export type Ahead = { at: Instant; beyond: Instant }

/** An instant that is past, once it is what it can be. */
export const turnedBack = (instant: Instant, { at, beyond }: Ahead): Instant =>
  instant > beyond ? at : instant
