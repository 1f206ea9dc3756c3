import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import type { Field } from '../kernel/field.ts'
import type { Quantity } from '../kernel/quantity.ts'
import { billingMonthAt, currentBillingPeriod } from './billing-period.ts'
import type { ScheduleStrategy, Subscription } from './types.ts'

/**
 * Returns when a change takes effect: now, whether it gives more or less, unless the caller wants
 * the end of the billing period or of the month of billing. 400 `SchedulingAtEndOfBillingPeriod` if
 * the subscription has no billing period now.
 */
export function effectOf(
  subscription: Subscription,
  strategy: ScheduleStrategy | null,
  { at, where }: { at: Instant; where: Field },
): Instant {
  if (strategy === null || strategy === 'IMMEDIATE') return at
  const period =
    strategy === 'END_OF_BILLING_PERIOD'
      ? currentBillingPeriod(subscription)
      : billingMonthAt(subscription, at)
  if (period !== null) return period.end
  throw badInput(
    where,
    `${where}: the subscription ${subscription.id} has no billing period now`,
    'SchedulingAtEndOfBillingPeriod',
  )
}

/** A number of units, and the one that it is going to be; null: it stays. */
export type UnitSchedule = { current: Quantity; scheduled: Quantity | null }

/**
 * Returns the number of units after a request without a strategy. If a number is scheduled, one
 * below the current number takes its place, and the current number cancels it. Every other number
 * takes effect now.
 */
export function scheduleUnits({ current, scheduled }: UnitSchedule, asked: Quantity): UnitSchedule {
  if (scheduled !== null && asked < current) return { current, scheduled: asked }
  return { current: asked, scheduled: null }
}
