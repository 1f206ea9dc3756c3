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

/** A tally with one more record. `isNew`: no record of the window had this mark before. */
export const tallyWith = (
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
 * Whether the total of a window is missing and must be made out of its records and what is held. If
 * not, nothing occurred in it: the lifetime is given, or there is nothing at all.
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
 * The totals of what is metered with one for the window, new if it had none. It must not have to be
 * made out of records, since none may be missed.
 */
export function withWindow(totals: readonly WindowTotal[], window: Window): readonly WindowTotal[] {
  assert(!mustBeMade(totals, window), 'a window is kept from its first record on')
  if (totals.some((total) => isSameWindow(total.window, window))) return totals
  return [...totals, { window, tally: NOTHING, held: 0n, lastAt: LIFETIME.start, setAt: null }]
}

/**
 * The totals with one more record, which counts in every window that it occurred in. `isNewIn`: no
 * record of the window had its mark before.
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

/** The totals with so much more held, or less, by a reservation that occurred then. */
export const totalsHolding = (
  totals: readonly WindowTotal[],
  hold: { amount: Quantity; occurredAt: Instant },
): readonly WindowTotal[] =>
  totals.map((total) =>
    contains(total.window, hold.occurredAt) ? { ...total, held: total.held + hold.amount } : total,
  )
