import type { Instant } from '../../../src/kernel/clock.ts'
import { type Quantity, wholeUnits } from '../../../src/kernel/quantity.ts'
import type { Budget, Customer, Feature, Grant, Reservation } from './state.ts'
import { ALWAYS, isIn, type Window, windowOf } from './windows.ts'

const sum = (amounts: readonly Quantity[]): Quantity =>
  amounts.reduce((total, amount) => total + amount, 0n)

/** Returns displayed usage. Corrections may bring the sum below 0, which is shown as 0. */
export const shown = (usage: Quantity): Quantity => (usage < 0n ? 0n : usage)

/** Returns the grant of a feature that is in force at `now`. Its end is exclusive. */
export const grantOf = (
  { grants }: Pick<Customer, 'grants'>,
  featureId: string,
  now: Instant,
): Grant | undefined =>
  grants.find(
    (grant) => grant.featureId === featureId && grant.startsAt <= now && !isOver(grant, now),
  )

export const isOver = (grant: Grant, now: Instant): boolean =>
  grant.endsAt !== null && grant.endsAt <= now

/** Returns a customer's usage of a feature in a window, by the aggregate of its meter. */
export function customerUsage(customer: Customer, feature: Feature, window: Window): Quantity {
  const records = customer.records.filter(
    (record) => record.featureId === feature.id && isIn(window, record.at),
  )
  const amounts = records.map(({ amount }) => amount)
  if (feature.meter?.function === 'UNIQUE')
    return wholeUnits(new Set(records.map(({ mark }) => mark)).size)
  if (feature.meter?.function === 'MAX') return amounts.sort((a, b) => Number(b - a)).at(0) ?? 0n
  return sum(amounts)
}

/** Returns the window of a budget that contains an instant. */
export const budgetWindow = (budget: Budget, at: Instant): Window =>
  budget.isLevel ? ALWAYS : windowOf(budget.cadence, budget.createdAt, at)

/** Returns the usage of a budget in a window. */
export function budgetUsage(customer: Customer, budget: Budget, window: Window): Quantity {
  const records = customer.records.filter(({ at }) => isIn(window, at))
  return sum(records.map(({ counted }) => counted.get(budget) ?? 0n))
}

/**
 * Returns the difference between the value of a SET and the usage of a budget. Null if a later SET
 * was counted in the window.
 */
export function lackingOf(
  customer: Customer,
  budget: Budget,
  { value, at }: { value: Quantity; at: Instant },
): Quantity | null {
  const window = budgetWindow(budget, at)
  const isOlder = customer.records.some(
    (each) => each.isSet && each.counted.has(budget) && isIn(window, each.at) && each.at > at,
  )
  return isOlder ? null : value - budgetUsage(customer, budget, window)
}

/** Returns whether a reservation holds its amount. `expiresAt` is exclusive. */
export const isOpen = (reservation: Reservation, now: Instant): boolean =>
  reservation.status === 'open' && now < reservation.expiresAt

export function customerHeld(
  customer: Customer,
  { featureId, window, now }: { featureId: string; window: Window; now: Instant },
): Quantity {
  const holds = customer.reservations.filter(
    (each) => isOpen(each, now) && each.featureId === featureId && isIn(window, each.at),
  )
  return sum(holds.map(({ amount }) => amount))
}

export function budgetHeld(
  customer: Customer,
  { budget, window, now }: { budget: Budget; window: Window; now: Instant },
): Quantity {
  const holds = customer.reservations.filter(
    (each) => isOpen(each, now) && each.budgets.has(budget) && isIn(window, each.at),
  )
  return sum(holds.map(({ amount }) => amount))
}

/**
 * Returns whether usage that occurred at `at` counts for a budget: from the budget's creation on.
 * Usage that was recorded before the creation does not count either, because a record has only the
 * budgets that existed then.
 */
export const counts = (budget: Budget, at: Instant): boolean => at >= budget.createdAt
