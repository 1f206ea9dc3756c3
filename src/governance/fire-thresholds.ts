import { type Quantity, wholeUnits } from '../kernel/quantity.ts'

/** A percentage of a limit at which an environment wants to be told. */
export type Threshold = Quantity

/**
 * The thresholds that a budget has reached and that have not fired in its window, in ascending
 * order: also those that it had passed when its limit went down. None without a limit; a limit of 0
 * is reached by any usage. `usage` is in limited units and signed.
 */
export function firedBy(
  thresholds: readonly Threshold[],
  budget: { usage: Quantity; limit: Quantity | null; fired: readonly Threshold[] },
): Threshold[] {
  const { usage, limit, fired } = budget
  if (limit === null || usage <= 0n) return []
  const hundredfold = usage * wholeUnits(100)
  return thresholds
    .filter((threshold) => !fired.includes(threshold) && hundredfold >= threshold * limit)
    .toSorted((one, other) => (one < other ? -1 : 1))
}
