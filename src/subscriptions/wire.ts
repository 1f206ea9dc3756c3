import type { Subscription as WireSubscription, FutureUpdate as WireUpdate } from '../api.gen.ts'
import { required } from '../kernel/assert.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { quantityToWire } from '../kernel/quantity.ts'
import { currentBillingPeriod } from './billing-period.ts'
import { isOver } from './change-line.ts'
import type { Names } from './names-store.ts'
import type { FutureUpdate, Override, Subscription } from './types.ts'

/** Returns a subscription in its present state. */
export function subscriptionToWire(subscription: Subscription, names: Names): WireSubscription {
  const { content, trial, status, closedAt, cancellation } = subscription
  const facts = required(names.facts.get(subscription.key), 'the facts of a subscription')
  const period = isOver(subscription) ? null : currentBillingPeriod(subscription)
  const canceledAt = status === 'CANCELED' ? closedAt : (cancellation?.at ?? null)
  return {
    id: subscription.id,
    customerId: facts.customerId,
    resourceId: facts.resourceId,
    planId: packageId(names, subscription.planKey),
    status,
    cancelReason: subscription.cancelReason,
    pricingType: subscription.pricingType,
    createdAt: instantToWire(subscription.createdAt),
    startDate: instantToWire(subscription.startsAt),
    endDate: toWire(subscription.ending?.at ?? null),
    cancellationDate: toWire(canceledAt),
    effectiveEndDate: toWire(closedAt ?? endOf(subscription)),
    trialEndDate: toWire(trial?.at ?? null),
    trial: trial && { trialEndBehavior: trial.endBehavior },
    billingPeriod: subscription.billingPeriod,
    billingCycleAnchor: toWire(subscription.anchor),
    currentBillingPeriodStart: toWire(period?.start ?? null),
    currentBillingPeriodEnd: toWire(period?.end ?? null),
    addons: content.addons.map(({ addonKey, quantity }) => ({
      id: packageId(names, addonKey),
      quantity,
    })),
    subscriptionEntitlements: content.overrides.map((each) => overrideToWire(each, names)),
    futureUpdates: subscription.updates.map((update) => updateToWire(update, subscription, names)),
    metadata: { ...content.metadata },
    payingCustomerId: facts.payingCustomerId,
    billingId: facts.billingId,
    paymentCollection: status === 'PAYMENT_PENDING' ? 'PROCESSING' : 'NOT_REQUIRED',
    paymentCollectionMethod: null,
    budget: null,
    minimumSpend: null,
    latestInvoice: null,
    contractId: null,
    prices: [],
    coupons: [],
  }
}

/** As in the lists of entitlements of plans: a request can be made of it. */
const overrideToWire = ({ featureKey, allowance, reset }: Override, names: Names) => ({
  id: required(names.featureIds.get(featureKey), 'the id of a feature'),
  type: 'FEATURE' as const,
  usageLimit: allowance.limit === null ? null : quantityToWire(allowance.limit),
  hasUnlimitedUsage: allowance.isUnlimited,
  hasSoftLimit: allowance.isSoft,
  resetPeriod: reset?.period ?? null,
  resetPeriodConfiguration:
    reset === null || reset.accordingTo === null ? null : { accordingTo: reset.accordingTo },
})

const toWire = (at: Instant | null): string | null => (at === null ? null : instantToWire(at))

const packageId = ({ packageIds }: Names, key: string): string =>
  required(packageIds.get(key), 'the id of a package')

/** When a subscription ends unless something changes. */
function endOf({ ending, cancellation, trial, status }: Subscription): Instant | null {
  const ofTrial = status === 'IN_TRIAL' && trial?.endBehavior === 'CANCEL_SUBSCRIPTION'
  const ends = [ending, cancellation, ofTrial ? trial : null].flatMap((end) => end?.at ?? [])
  return ends.length === 0 ? null : Math.min(...ends)
}

const updateToWire = (
  { status, at, change }: FutureUpdate,
  { planKey }: Subscription,
  names: Names,
): WireUpdate => {
  const target = targetOf(change, planKey)
  return {
    subscriptionScheduleType: change.type,
    scheduleStatus: status,
    scheduledExecutionTime: instantToWire(at),
    targetPackage: target === null ? null : { id: packageId(names, target) },
  }
}

/** The key of the plan or the add-on that a change brings. */
function targetOf(change: FutureUpdate['change'], planKey: Uuid): Uuid | null {
  if ('successor' in change) return change.successor.planKey
  if (change.type === 'MIGRATE_TO_LATEST') return planKey
  return change.type === 'ADDON' ? change.addonKey : null
}
