import type { Instant } from '../kernel/clock.ts'
import { type Span, type Window, windowAt } from '../kernel/period.ts'
import type { AnchorChoice, BillingPeriod, Subscription } from './types.ts'

const SPANS: Readonly<Record<BillingPeriod, Span>> = {
  MONTHLY: { unit: 'MONTH', count: 1 },
  ANNUALLY: { unit: 'YEAR', count: 1 },
}

type Cycle = Pick<Subscription, 'billingPeriod' | 'anchor'>

/**
 * Returns the billing period that contains an instant. null: the subscription has none then. It is
 * free, has no agreed period, or is in a trial.
 */
function billingPeriodAt({ billingPeriod, anchor }: Cycle, at: Instant): Window | null {
  if (billingPeriod === null || anchor === null) return null
  return windowAt(anchor, SPANS[billingPeriod], at)
}

/**
 * Returns the month of billing that contains an instant. It is counted from the same anchor as the
 * periods, so the last month of a year ends with the year.
 */
export function billingMonthAt({ billingPeriod, anchor }: Cycle, at: Instant): Window | null {
  if (billingPeriod === null || anchor === null) return null
  return windowAt(anchor, SPANS.MONTHLY, at)
}

/** Returns the billing period in progress of a subscription whose line is settled. */
export function currentBillingPeriod(subscription: Subscription): Window | null {
  if (subscription.periodStart === null) return null
  return billingPeriodAt(subscription, subscription.periodStart)
}

/**
 * Returns from where billing periods are counted after a change at `at`. They go on as before if
 * their length stays or the caller wants that, and begin anew otherwise.
 */
export function anchorAfter(
  before: Cycle,
  billingPeriod: BillingPeriod | null,
  { at, choice }: { at: Instant; choice: AnchorChoice },
): Instant | null {
  if (billingPeriod === null) return null
  const continues = before.billingPeriod === billingPeriod || choice === 'UNCHANGED'
  return before.anchor !== null && continues && choice !== 'NOW' ? before.anchor : at
}

/** Returns a subscription whose billing periods are counted from `anchor`, as of `at`. */
export function withCycle<T extends Cycle>(
  subscription: T,
  cycle: Cycle,
  at: Instant,
): T & { periodStart: Instant | null } {
  return { ...subscription, ...cycle, periodStart: billingPeriodAt(cycle, at)?.start ?? null }
}
