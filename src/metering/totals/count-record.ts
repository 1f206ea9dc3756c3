import { assert } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { contains, isSameWindow, LIFETIME, type Window } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import {
  isAlwaysKept,
  type MeterReading,
  type PartialAggregate,
  type Total,
  type WindowTotal,
} from '../types.ts'
import { NOTHING } from './usage-of.ts'

/**
 * Returns a partial aggregate with one more record. `isNew`: no other record of the window has this
 * distinct value.
 */
const tallyWith = (
  tally: PartialAggregate,
  amount: Quantity,
  isNew: boolean,
): PartialAggregate => ({
  count: tally.count + 1n,
  sum: tally.sum + amount,
  min: tally.min === null || amount < tally.min ? amount : tally.min,
  max: tally.max === null || amount > tally.max ? amount : tally.max,
  distinct: isNew ? tally.distinct + 1n : tally.distinct,
})

/**
 * Returns whether the total of a window must be computed from its records and reservations. It need
 * not be computed if it is among `totals`, or if nothing has occurred in the window.
 */
export function mustBeMade(totals: readonly Total[], window: Window): boolean {
  if (isAlwaysKept(window)) return false
  const lifetime = totals.find((total) => isSameWindow(total.window, LIFETIME))
  return (
    lifetime !== undefined &&
    (lifetime.lastAt >= window.start || lifetime.held > 0n) &&
    !totals.some((total) => isSameWindow(total.window, window))
  )
}

/**
 * Returns the totals including one for the window. If the window has none, an empty one is added.
 * Call this only if the total need not be computed from records (`mustBeMade`).
 */
export function withWindow(totals: readonly WindowTotal[], window: Window): readonly WindowTotal[] {
  assert(!mustBeMade(totals, window), 'a window is kept from its first record on')
  if (totals.some((total) => isSameWindow(total.window, window))) return totals
  return [...totals, { window, tally: NOTHING, held: 0n, lastAt: LIFETIME.start, setAt: null }]
}

/**
 * Returns the totals with one more record, which counts in every window that contains it.
 * `isNewIn`: no other record of the window has its distinct value.
 */
export const totalsWith = (
  totals: readonly WindowTotal[],
  record: Pick<MeterReading, 'amount'> & { occurredAt: Instant },
  isNewIn: (window: Window) => boolean,
): readonly WindowTotal[] =>
  totals.map((total) =>
    contains(total.window, record.occurredAt)
      ? {
          ...total,
          tally: tallyWith(total.tally, record.amount, isNewIn(total.window)),
          lastAt: Math.max(total.lastAt, record.occurredAt),
        }
      : total,
  )

/** Returns the totals with the hold of a reservation added or removed. */
export const totalsHolding = (
  totals: readonly WindowTotal[],
  hold: { amount: Quantity; occurredAt: Instant },
): readonly WindowTotal[] =>
  totals.map((total) =>
    contains(total.window, hold.occurredAt) ? { ...total, held: total.held + hold.amount } : total,
  )
