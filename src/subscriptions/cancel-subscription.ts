import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { inBody, inPath } from '../kernel/field.ts'
import { followUp } from './begin-successor.ts'
import { currentBillingPeriod } from './billing-period.ts'
import {
  close,
  inTurn,
  isOver,
  type Moment,
  put,
  subscriptionOf,
  unchanged,
} from './change-line.ts'
import type { Line, LineChange, Subscription, Successor } from './types.ts'

export type CancellationTime = 'IMMEDIATE' | 'END_OF_BILLING_PERIOD' | 'SPECIFIC_DATE'

export type CancelInput = {
  /** null: not sent. */
  time: CancellationTime | null
  endsAt: Instant | null
  action: 'DEFAULT' | 'REVOKE_ENTITLEMENTS'
}

/** The product's settings, which count at the time of the call. */
export type Journey = {
  cancellationTime: CancellationTime
  /** The free plan after the end of a subscription. null: nothing follows. */
  successor: Successor | null
}

/**
 * Cancels a subscription, now or later. What has not started or is not paid is always canceled now,
 * and so is what cannot be canceled at the time that the product prefers. 400
 * `SubscriptionAlreadyCanceledOrExpired`, `TrialMustBeCancelledImmediately`,
 * `SubscriptionDoesNotHaveBillingPeriod`, `InvalidCancellationDate`, `InvalidArgumentError`.
 */
export function cancelSubscription(
  line: Line,
  key: string,
  { input, journey }: { input: CancelInput; journey: Journey },
  { at, packages }: Moment,
): LineChange {
  const subscription = subscriptionOf(line, key)
  refuseOver(subscription)
  const instant = instantOf(subscription, { input, journey, at })
  const successor = input.action === 'DEFAULT' ? successorOf(subscription, journey) : null
  if (instant > at) {
    const { cancellation } = subscription
    const hasSuccessor = cancellation?.successor?.planKey === successor?.planKey
    if (cancellation?.at === instant && hasSuccessor) return unchanged(line)
    const after = { ...subscription, cancellation: { at: instant, successor } }
    return put(line, after, { at, kind: 'UPDATED' })
  }
  const reason = 'Immediate'
  return inTurn(close(line, key, { at, reason }), (now) =>
    followUp(now, { ended: subscription, successor }, { at, packages }),
  )
}

/** 400 `SubscriptionAlreadyCanceledOrExpired`. */
export function refuseOver(subscription: Subscription): void {
  if (!isOver(subscription)) return
  throw badInput(
    inPath('id'),
    `the subscription ${subscription.id} has ended`,
    'SubscriptionAlreadyCanceledOrExpired',
  )
}

/** A plan does not follow itself, and nothing follows what gave no access. */
function successorOf({ planKey, status }: Subscription, { successor }: Journey): Successor | null {
  const hasAccess = status === 'ACTIVE' || status === 'IN_TRIAL'
  return hasAccess && successor?.planKey !== planKey ? successor : null
}

function instantOf(
  subscription: Subscription,
  { input, journey, at }: { input: CancelInput; journey: Journey; at: Instant },
): Instant {
  const { status } = subscription
  const time = input.time ?? journey.cancellationTime
  if (input.endsAt !== null && time !== 'SPECIFIC_DATE')
    throw badInput(
      inBody('endDate'),
      'endDate is only for the cancellationTime SPECIFIC_DATE',
      'InvalidArgumentError',
    )
  if (time === 'IMMEDIATE' || status === 'NOT_STARTED' || status === 'PAYMENT_PENDING') return at
  if (status === 'IN_TRIAL') {
    if (input.time === null) return at
    throw badInput(
      inBody('cancellationTime'),
      'cancellationTime: a trial can only be canceled immediately',
      'TrialMustBeCancelledImmediately',
    )
  }
  return time === 'SPECIFIC_DATE' ? dateOf(input.endsAt, at) : endOf(subscription, { input, at })
}

function dateOf(endsAt: Instant | null, at: Instant): Instant {
  if (endsAt !== null && endsAt > at) return endsAt
  throw badInput(
    inBody('endDate'),
    'endDate must be an instant in the future',
    'InvalidCancellationDate',
  )
}

function endOf(
  subscription: Subscription,
  { input, at }: { input: CancelInput; at: Instant },
): Instant {
  const period = currentBillingPeriod(subscription)
  if (period !== null) return period.end
  if (input.time === null) return at
  throw badInput(
    inBody('cancellationTime'),
    `cancellationTime: the subscription ${subscription.id} has no billing period`,
    'SubscriptionDoesNotHaveBillingPeriod',
  )
}
