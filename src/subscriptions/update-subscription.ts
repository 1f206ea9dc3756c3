import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { inBody, inPath } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Metadata } from '../kernel/metadata.ts'
import type { Quantity } from '../kernel/quantity.ts'
import { withParts, withUnits } from './apply-update.ts'
import { refuseOver } from './cancel-subscription.ts'
import type { Moment } from './change-line.ts'
import { cancelUpdates, isPending, put, subscriptionOf, unchanged } from './change-line.ts'
import { effectOf, scheduleUnits } from './schedule-change.ts'
import type {
  AnchorChoice,
  BillingPeriod,
  Content,
  FutureUpdate,
  Line,
  LineChange,
  Override,
  PartChange,
  ScheduleStrategy,
  Subscription,
  Successor,
} from './types.ts'

/** What a request changes. Absent fields stay as they are. */
export type UpdateInput = {
  /** The whole list, as `validateAddons` returns it. */
  addons?: Content['addons'] | undefined
  /** The features whose number of units changes. */
  units?: Content['units'] | undefined
  billingPeriod?: BillingPeriod | undefined
  /** The whole list. */
  overrides?: readonly Override[] | undefined
  metadata?: Metadata | undefined
  trialEndsAt?: Instant | undefined
  /** null removes a scheduled cancellation. */
  cancellationAt?: Instant | null | undefined
  /** null removes the end. */
  endingAt?: Instant | null | undefined
  /** The free plan that follows a cancellation or an end, if the product wants that. */
  successor: Successor | null
  strategy: ScheduleStrategy | null
  anchor: AnchorChoice
}

/**
 * Changes a subscription, now or later. Overrides, metadata, the end of a trial and a cancellation
 * change now in any case. 400 `SubscriptionAlreadyCanceledOrExpired`, `InvalidSubscriptionStatus`,
 * `InvalidCancellationDate`, `InvalidArgumentError` for the end, `TrialMustBeCancelledImmediately`,
 * `SchedulingAtEndOfBillingPeriod`, `UnsupportedSubscriptionScheduleType`,
 * `IncompatibleSubscriptionAddon`.
 */
export function updateSubscription(
  line: Line,
  key: Uuid,
  input: UpdateInput,
  moment: Moment,
): LineChange {
  const { at } = moment
  const before = subscriptionOf(line, key)
  refuseOver(before)
  if (before.status === 'PAYMENT_PENDING')
    throw badInput(
      inPath('id'),
      `the subscription ${before.id} waits for its first payment`,
      'InvalidSubscriptionStatus',
    )
  const dated = withEnding(withCancellation(withTrialEnd(before, input, at), input, at), input, at)
  const { overrides = dated.content.overrides, metadata = dated.content.metadata } = input
  const content = { ...dated.content, overrides, metadata }
  const after = changeParts({ ...dated, content }, input, moment)
  if (isDeepStrictEqual(before, after)) return unchanged(line)
  const change = put(line, after, { at, kind: 'UPDATED' })
  return after.trial?.at === before.trial?.at ? change : moveFollowers(change, after, at)
}

/** If the new end has passed, the trial ends now. A scheduled cancellation is removed. */
function withTrialEnd(
  before: Subscription,
  { trialEndsAt }: UpdateInput,
  at: Instant,
): Subscription {
  if (trialEndsAt === undefined) return before
  if (before.status !== 'IN_TRIAL' || before.trial === null)
    throw badInput(
      inBody('trialEndDate'),
      `trialEndDate: the subscription ${before.id} is not in a trial`,
      'InvalidSubscriptionStatus',
    )
  const end = Math.max(trialEndsAt, at)
  return { ...before, trial: { ...before.trial, at: end }, cancellation: null }
}

function withCancellation(before: Subscription, input: UpdateInput, at: Instant): Subscription {
  const { cancellationAt } = input
  if (cancellationAt === undefined) return before
  if (cancellationAt === null) return { ...before, cancellation: null }
  const field = inBody('cancellationDate')
  if (before.status === 'IN_TRIAL')
    throw badInput(
      field,
      'cancellationDate: a trial can only be canceled immediately',
      'TrialMustBeCancelledImmediately',
    )
  if (cancellationAt <= Math.max(at, before.startsAt))
    throw badInput(
      field,
      'cancellationDate must be in the future and after the start',
      'InvalidCancellationDate',
    )
  const follower = input.successor?.planKey === before.planKey ? null : input.successor
  const successor = before.cancellation?.successor ?? follower
  return { ...before, cancellation: { at: cancellationAt, successor } }
}

/** An end that stays may have any instant. */
function withEnding(before: Subscription, input: UpdateInput, at: Instant): Subscription {
  const { endingAt } = input
  if (endingAt === undefined || endingAt === (before.ending?.at ?? null)) return before
  if (endingAt === null) return { ...before, ending: null }
  refuseEarlyEnd(endingAt, Math.max(at, before.startsAt))
  const follower = input.successor?.planKey === before.planKey ? null : input.successor
  return { ...before, ending: { at: endingAt, successor: before.ending?.successor ?? follower } }
}

/** 400 `InvalidArgumentError` for an end that is not after an instant. */
export function refuseEarlyEnd(endingAt: Instant, after: Instant): void {
  if (endingAt <= after)
    throw badInput(
      inBody('endDate'),
      'endDate must be in the future and after the start',
      'InvalidArgumentError',
    )
}

/** A subscription that starts at the end of a trial moves with it. */
function moveFollowers(change: LineChange, trial: Subscription, at: Instant): LineChange {
  const follower = change.line.subscriptions.find(
    ({ status, followsTrial }) => status === 'NOT_STARTED' && followsTrial === trial.key,
  )
  if (follower === undefined || trial.trial === null) return change
  const startsAt = trial.trial.at
  const moved = put(
    change.line,
    { ...follower, startsAt, usageAnchor: startsAt },
    { at, kind: 'UPDATED' },
  )
  return { line: moved.line, transitions: [...change.transitions, ...moved.transitions] }
}

function changeParts(before: Subscription, input: UpdateInput, moment: Moment): Subscription {
  const { at } = moment
  const parts = partsOf(before, input)
  if (before.status === 'NOT_STARTED') refuseSchedule(before, input)
  const effect = parts.length === 0 ? at : effectOf(before, input.strategy, { at, where: STRATEGY })
  if (effect > at) {
    const isReplaced = (update: FutureUpdate) => !isPlan(update) || !parts.every(isOfUnits)
    const added = parts.map((change): FutureUpdate => ({ status: 'SCHEDULED', at: effect, change }))
    const replaced = before.updates.filter((update) => isPending(update) && isReplaced(update))
    if (isDeepStrictEqual(replaced, added)) return before
    return { ...before, updates: [...cancelUpdates(before.updates, isReplaced), ...added] }
  }
  const { subscription, now } =
    input.strategy === null
      ? withSchedules(before, input, parts)
      : { subscription: before, now: parts }
  if (now.length === 0) return subscription
  const after = withParts(subscription, now, moment)
  if (after === null)
    throw badInput(
      inBody('addons'),
      'addons: the subscription cannot have these add-ons together',
      'IncompatibleSubscriptionAddon',
    )
  const settled = input.strategy === null ? (input.units ?? []) : []
  return { ...after, updates: afterUpdate(after.updates, now, settled) }
}

const STRATEGY = inBody('scheduleStrategy')
const isPlan = ({ change }: FutureUpdate) => change.type === 'PLAN' || change.type === 'DOWNGRADE'
const isOfUnits = ({ type }: PartChange) => type === 'UNIT_AMOUNT'

function refuseSchedule({ id }: Subscription, { strategy }: UpdateInput): void {
  if (strategy === null || strategy === 'IMMEDIATE') return
  throw badInput(
    STRATEGY,
    `scheduleStrategy: the subscription ${id} has not started, so its changes cannot be scheduled`,
    'UnsupportedSubscriptionScheduleType',
  )
}

/**
 * If a number of units of a feature is scheduled, a request for another number may change only the
 * schedule. Returns the subscription with these schedules, and the parts that change now.
 */
function withSchedules(
  before: Subscription,
  { units = [] }: UpdateInput,
  parts: readonly PartChange[],
): { subscription: Subscription; now: readonly PartChange[] } {
  let { updates } = before
  let now = parts
  for (const { featureKey, quantity } of units) {
    const isOfFeature = ({ change }: FutureUpdate) =>
      change.type === 'UNIT_AMOUNT' && change.featureKey === featureKey
    const pending = updates.find((each) => isPending(each) && isOfFeature(each))
    if (pending?.change.type !== 'UNIT_AMOUNT') continue
    const current = unitsOf(before, featureKey)
    const next = scheduleUnits({ current, scheduled: pending.change.quantity }, quantity)
    if (next.scheduled !== null)
      now = now.filter((part) => part.type !== 'UNIT_AMOUNT' || part.featureKey !== featureKey)
    if (next.scheduled === pending.change.quantity) continue
    updates = cancelUpdates(updates, isOfFeature)
    if (next.scheduled === null) continue
    const change = { ...pending.change, quantity: next.scheduled }
    updates = [...updates, { ...pending, change }]
  }
  return { subscription: { ...before, updates }, now }
}

/**
 * A change replaces what was scheduled, apart from the units that are `settled`. A change of units
 * alone leaves a scheduled plan, which takes over the new number.
 */
function afterUpdate(
  updates: Subscription['updates'],
  now: readonly PartChange[],
  settled: Content['units'],
): Subscription['updates'] {
  const isSettled = ({ change }: FutureUpdate) =>
    change.type === 'UNIT_AMOUNT' &&
    settled.some(({ featureKey }) => featureKey === change.featureKey)
  if (!now.every(isOfUnits)) return cancelUpdates(updates, (update) => !isSettled(update))
  const units = now.filter((part) => part.type === 'UNIT_AMOUNT')
  const isReplaced = (update: FutureUpdate) => !isPlan(update) && !isSettled(update)
  return cancelUpdates(updates, isReplaced).map((update) => {
    const { change } = update
    if (!isPending(update) || !('successor' in change)) return update
    const content = units.reduce(
      (of, { featureKey, quantity }) => withUnits(of, featureKey, quantity),
      change.content,
    )
    return { ...update, change: { ...change, content } }
  })
}

/** Returns what a request changes in comparison with a subscription. */
function partsOf(before: Subscription, input: UpdateInput): PartChange[] {
  const { addons = before.content.addons, units = [] } = input
  const keys = new Set([...before.content.addons, ...addons].map(({ addonKey }) => addonKey))
  const quantityIn = (list: Content['addons'], key: Uuid) =>
    list.find(({ addonKey }) => addonKey === key)?.quantity ?? 0
  const ofAddons = [...keys].flatMap((addonKey): PartChange[] => {
    const quantity = quantityIn(addons, addonKey)
    const isChanged = quantity !== quantityIn(before.content.addons, addonKey)
    return isChanged ? [{ type: 'ADDON', addonKey, quantity }] : []
  })
  const ofUnits = units.flatMap(({ featureKey, quantity }): PartChange[] =>
    quantity === unitsOf(before, featureKey) ? [] : [{ type: 'UNIT_AMOUNT', featureKey, quantity }],
  )
  return [...ofAddons, ...ofUnits, ...periodsOf(before, input)]
}

function periodsOf(before: Subscription, { billingPeriod, anchor }: UpdateInput): PartChange[] {
  const asked = billingPeriod ?? before.billingPeriod
  const isChanged = asked !== before.billingPeriod || anchor === 'NOW'
  if (asked === null || before.pricingType === 'FREE' || !isChanged) return []
  return [{ type: 'BILLING_PERIOD', billingPeriod: asked, anchor }]
}

const unitsOf = ({ content }: Subscription, key: Uuid): Quantity =>
  content.units.find(({ featureKey }) => featureKey === key)?.quantity ?? 0n
