import { isDeepStrictEqual } from 'node:util'
import { givesAccess } from './change-line.ts'
import type { Subscription, Transition, TransitionKind } from './types.ts'

export type SubscriptionEvent =
  | 'subscription.created'
  | 'subscription.updated'
  | 'subscription.canceled'
  | 'subscription.expired'
  | 'subscription.trial_started'
  | 'subscription.trial_converted'
  | 'subscription.trial_expired'
  | 'subscription.trial.ends_soon'
  | 'subscription.billing_month.ends_soon'

const EVENTS: Readonly<Record<TransitionKind, SubscriptionEvent>> = {
  CREATED: 'subscription.created',
  STARTED: 'subscription.updated',
  PAID: 'subscription.updated',
  PAYMENT_EXPIRED: 'subscription.expired',
  TRIAL_CONVERTED: 'subscription.trial_converted',
  TRIAL_EXPIRED: 'subscription.trial_expired',
  CANCELED: 'subscription.canceled',
  EXPIRED: 'subscription.expired',
  PERIOD_STARTED: 'subscription.updated',
  UPDATED: 'subscription.updated',
  TRIAL_ENDS_SOON: 'subscription.trial.ends_soon',
  BILLING_MONTH_ENDS_SOON: 'subscription.billing_month.ends_soon',
}

/** Returns the events that announce a transition, in their order. */
export function eventsOf({ kind, before, after }: Transition): SubscriptionEvent[] {
  const begins = after.status === 'IN_TRIAL' && before?.status !== 'IN_TRIAL'
  return begins ? [EVENTS[kind], 'subscription.trial_started'] : [EVENTS[kind]]
}

/** Returns whether the customer's entitlements may be others after a transition. */
export const changesEntitlements = ({ before, after }: Transition): boolean =>
  !isDeepStrictEqual(before && grantOf(before), grantOf(after))

/** What the sources of a subscription are derived from. */
function grantOf(subscription: Subscription): object | null {
  if (!givesAccess(subscription)) return null
  const { status, usageAnchor, pins, content } = subscription
  const { addons, units, overrides } = content
  return { status, usageAnchor, pins, addons, units, overrides }
}
