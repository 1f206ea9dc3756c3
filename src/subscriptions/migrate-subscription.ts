import { isDeepStrictEqual } from 'node:util'
import { badInput } from '../kernel/errors.ts'
import { inBody, inPath } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import { pricingTypeAt } from './begin-successor.ts'
import { refuseOver } from './cancel-subscription.ts'
import {
  givesAccess,
  isPending,
  type Moment,
  put,
  subscriptionOf,
  unchanged,
} from './change-line.ts'
import { pinLatest, repin } from './pin-versions.ts'
import { effectOf } from './schedule-change.ts'
import type { FutureUpdate, Line, LineChange, Pin, PricingType, Subscription } from './types.ts'

export type MigrationTime = 'IMMEDIATE' | 'END_OF_BILLING_PERIOD'

/** The pricing types that a plan may get without having to be sold anew. */
const MAY_BECOME: Readonly<Record<PricingType, readonly PricingType[]>> = {
  FREE: ['FREE'],
  PAID: ['PAID', 'CUSTOM'],
  CUSTOM: ['CUSTOM'],
}

/**
 * Moves a subscription to the newest versions of its plan and add-ons, now or at the end of the
 * billing period. 400 `SubscriptionAlreadyCanceledOrExpired`, `InvalidSubscriptionStatus`,
 * `SubscriptionAlreadyOnLatestPlan`, `ScheduledMigrationAlreadyExistsError`,
 * `SchedulingAtEndOfBillingPeriod`, `InvalidArgumentError` if its plan has to be sold anew.
 */
export function migrateSubscription(
  line: Line,
  key: Uuid,
  time: MigrationTime,
  { at, packages }: Moment,
): LineChange {
  const before = subscriptionOf(line, key)
  refuseOver(before)
  const refuse = (message: string, code: Parameters<typeof badInput>[2]) =>
    badInput(inPath('id'), `the subscription ${before.id} ${message}`, code)
  if (!givesAccess(before)) throw refuse('has not started', 'InvalidSubscriptionStatus')
  const latest = atLatest(before, { at, packages })
  if (latest === null)
    throw refuse(
      'cannot be migrated, because its plan has another pricing type now; provision a new one',
      'InvalidArgumentError',
    )
  if (isDeepStrictEqual(latest.pins, before.pins))
    throw refuse('has the newest versions already', 'SubscriptionAlreadyOnLatestPlan')
  if (before.updates.some((update) => isPending(update) && isMigration(update)))
    throw refuse('has a scheduled migration already', 'ScheduledMigrationAlreadyExistsError')
  const where = inBody('subscriptionMigrationTime')
  const effect = effectOf(before, time, { at, where })
  const after: Subscription =
    effect > at ? { ...before, updates: [...before.updates, scheduledAt(effect)] } : latest
  return put(line, after, { at, kind: 'UPDATED' })
}

/**
 * Returns a subscription with the newest versions of its plan and add-ons; null if the pricing type
 * of its plan is another one by now, and the plan has to be sold anew.
 */
export function atLatest(subscription: Subscription, moment: Moment): Subscription | null {
  const { planKey, content } = subscription
  const pricingType = pricingTypeAt(planKey, moment)
  if (!MAY_BECOME[subscription.pricingType].includes(pricingType)) return null
  const pins = pinLatest({ planKey, addons: content.addons }, moment.at, moment.packages)
  return { ...subscription, pins, pricingType }
}

const isMigration = ({ change }: FutureUpdate) => change.type === 'MIGRATE_TO_LATEST'

const scheduledAt = (at: number): FutureUpdate => ({
  status: 'SCHEDULED',
  at,
  change: { type: 'MIGRATE_TO_LATEST' },
})

/**
 * Moves a subscription to a version that was published for all customers. A subscription that has
 * the version, or a newer one, or does not use the package, stays as it is.
 */
export function moveToPublished(line: Line, key: Uuid, to: Pin, moment: Moment): LineChange {
  const before = subscriptionOf(line, key)
  const pin = before.pins.find(({ packageKey }) => packageKey === to.packageKey)
  if (!givesAccess(before) || pin === undefined || pin.version >= to.version) return unchanged(line)
  const after = { ...before, pins: repin(before, to, moment) }
  return put(line, after, { at: moment.at, kind: 'UPDATED' })
}
