import { LIFETIME } from '../../src/kernel/period.ts'
import type { WindowTotal } from '../../src/metering/index.ts'

/** Returns the total of one record in a window. */
export const totalOf = (sum: bigint, window = LIFETIME): WindowTotal => ({
  window,
  tally: { count: 1n, sum, min: null, max: null, distinct: 0n },
  held: 0n,
  lastAt: 0,
  setAt: null,
})
