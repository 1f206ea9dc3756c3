import type { Instant } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import type { Field } from '../../kernel/field.ts'
import { contains } from '../../kernel/period.ts'
import { type Quantity, wholeUnits } from '../../kernel/quantity.ts'
import type { WindowTotal } from '../types.ts'

/** The largest usage that a JSON number represents exactly, of either sign. */
const LARGEST = wholeUnits(Number.MAX_SAFE_INTEGER)

const isInRange = (quantity: Quantity): boolean => -LARGEST <= quantity && quantity <= LARGEST

/** A signed sum, and when its latest SET occurred. */
export type Settable = { sum: Quantity; setAt: Instant | null }

/**
 * Returns the amount that a SET must count so that a signed sum becomes `value`. Null if it
 * occurred before the latest SET: it is ignored. 400 `UsageMeasurementDiffOutOfRangeError` if the
 * difference is too large for usage.
 */
export function amountOfSet(
  { sum, setAt }: Settable,
  set: { value: Quantity; occurredAt: Instant },
  field: Field,
): Quantity | null {
  if (setAt !== null && set.occurredAt < setAt) return null
  const amount = set.value - sum
  if (!isInRange(amount))
    throw badInput(
      field,
      `${field}: the difference to the current usage is beyond 2^53 − 1`,
      'UsageMeasurementDiffOutOfRangeError',
    )
  return amount
}

/** Returns the totals after a SET. In each window that contains it, it is now the latest SET. */
export const totalsAfterSet = (
  totals: readonly WindowTotal[],
  occurredAt: Instant,
): readonly WindowTotal[] =>
  totals.map((total) =>
    contains(total.window, occurredAt)
      ? { ...total, setAt: Math.max(total.setAt ?? occurredAt, occurredAt) }
      : total,
  )

/**
 * 400 `EntitlementUsageOutOfRangeError` for usage that a JSON number could not represent exactly.
 */
export function refuseOutOfRange(usage: Quantity, field: Field): void {
  if (!isInRange(usage))
    throw badInput(
      field,
      `${field}: usage would be beyond 2^53 − 1`,
      'EntitlementUsageOutOfRangeError',
    )
}
