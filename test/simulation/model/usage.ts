import type { Instant } from '../../../src/kernel/clock.ts'
import { type Quantity, wholeUnits } from '../../../src/kernel/quantity.ts'
import type { Budget, Customer, Feature, Grant, Reservation } from './state.ts'
import { ALWAYS, isIn, type Window, windowOf } from './windows.ts'

const sum = (amounts: readonly Quantity[]): Quantity =>
  amounts.reduce((total, amount) => total + amount, 0n)

/** What is shown of a sum: corrections may bring it below nothing, which nobody is shown. */
export const shown = (usage: Quantity): Quantity => (usage < 0n ? 0n : usage)

/** The grant of a feature that holds at `now`: from its start, up to and without its end. */
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

/** What the customer used of a feature in a window, by whatever its meter makes of the records. */
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

/** The window of a budget that an instant lies in. */
export const budgetWindow = (budget: Budget, at: Instant): Window =>
  budget.isLevel ? ALWAYS : windowOf(budget.cadence, budget.createdAt, at)

/** What counted for a budget in a window. */
export function budgetUsage(customer: Customer, budget: Budget, window: Window): Quantity {
  const records = customer.records.filter(({ at }) => isIn(window, at))
  return sum(records.map(({ counted }) => counted.get(budget) ?? 0n))
}

/** What a budget lacks of a value that is set at an instant; null where a later one was set. */
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

/** A hold ends by itself: at `expiresAt` it is over. */
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
 * Whether usage at `at` counts for a budget: from its creation on. Everything that was recorded
 * before the creation is left out too, since a record knows only the budgets that there were.
 */
export const counts = (budget: Budget, at: Instant): boolean => at >= budget.createdAt
