import { type Quantity, wholeUnits } from '../../kernel/quantity.ts'
import type { Aggregate, PartialAggregate } from '../types.ts'

/** The partial aggregate of a window without records. */
export const NOTHING: PartialAggregate = { count: 0n, sum: 0n, min: null, max: null, distinct: 0n }

/**
 * Returns the usage by an aggregate, signed and before any unit transformation; 0 without records.
 * An average is rounded to ten decimal places, halves away from zero.
 */
export function usageOf(tally: PartialAggregate, aggregate: Aggregate): Quantity {
  switch (aggregate) {
    case 'SUM':
      return tally.sum
    case 'MAX':
      return tally.max ?? 0n
    case 'MIN':
      return tally.min ?? 0n
    case 'AVG':
      return tally.count === 0n ? 0n : divided(tally.sum, tally.count)
    case 'UNIQUE':
      return wholeUnits(1) * tally.distinct
  }
}

function divided(sum: Quantity, count: bigint): Quantity {
  const half = sum < 0n ? -count : count
  return (2n * sum + half) / (2n * count)
}
