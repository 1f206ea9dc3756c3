import type { Instant } from '../kernel/clock.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import { newSubscription, pricingTypeAt, replacePlan } from './begin-successor.ts'
import type { Moment } from './change-line.ts'
import {
  add,
  cancelUpdates,
  convertTrial,
  inTurn,
  mainOf,
  put,
  subscriptionOf,
  trialOf,
} from './change-line.ts'
import { comparePlans } from './compare-plans.ts'
import { isArchivedAt, versionAt } from './pin-versions.ts'
import { effectOf } from './schedule-change.ts'
import type {
  BillingPeriod,
  End,
  FutureUpdate,
  Line,
  LineChange,
  Package,
  PackageVersion,
  PricingType,
  Subscription,
  Trial,
} from './types.ts'
import { refuseEarlyEnd, type UpdateInput, updateSubscription } from './update-subscription.ts'

/** A request for a subscription to a plan, after its parts were found and validated. */
export type ProvisionInput = Pick<UpdateInput, 'addons' | 'units' | 'overrides' | 'metadata'> &
  Pick<UpdateInput, 'strategy' | 'anchor' | 'billingPeriod'> &
  Pick<Subscription, 'key' | 'id' | 'planKey' | 'firstPayment' | 'usageCutoff'> & {
    /** null: now. */
    startsAt: Instant | null
    cancellation: End | null
    /** The end that was agreed on. */
    ending: End | null
    trial: Trial | null
    /** Whether the request says that there is no trial. */
    isTrialRefused: boolean
  }

/** The subscription that the request is about, and whether it takes effect later. */
export type Provision = LineChange & { key: Uuid; isScheduled: boolean }

/**
 * Provisions a subscription. If the customer has the plan, its subscription is changed. If the plan
 * is that of the customer's trial, the trial ends. Another plan takes the place of the present one.
 * During a trial it begins at the end of the trial, unless the request says otherwise. Call
 * `requirePlan` before. Errors are those of `updateSubscription`, and `InvalidCancellationDate`.
 */
export function provisionSubscription(
  line: Line,
  input: ProvisionInput,
  moment: Moment,
): Provision {
  const { at } = moment
  const { planKey, startsAt, strategy } = input
  refuseEarlyCancellation(input, at)
  if (input.ending !== null) refuseEarlyEnd(input.ending.at, Math.max(startsAt ?? at, at))
  const pricingType = pricingTypeAt(planKey, moment)
  const anew = (more: Partial<Subscription> = {}) =>
    addNew(line, { ...fresh(input, pricingType, at), ...more }, moment)
  if ((startsAt !== null && startsAt > at) || input.trial !== null) return anew()
  const [main, trial] = [mainOf(line), trialOf(line)]
  if (main?.planKey === planKey) return update(line, main, { input, moment })
  if (trial?.planKey === planKey) return convert(line, trial, { input, moment })
  const isNow = startsAt !== null || strategy === 'IMMEDIATE' || input.isTrialRefused
  if (trial?.trial && pricingType !== 'FREE' && !isNow && strategy === null) {
    const { at: end } = trial.trial
    return anew({ startsAt: end, usageAnchor: end, followsTrial: trial.key })
  }
  return main === null ? anew() : change(line, main, { input, moment })
}

function refuseEarlyCancellation({ cancellation, startsAt }: ProvisionInput, at: Instant): void {
  if (cancellation === null || cancellation.at > Math.max(startsAt ?? at, at)) return
  throw badInput(
    inBody('cancellationDate'),
    'cancellationDate must be in the future and after the start',
    'InvalidCancellationDate',
  )
}

function fresh(input: ProvisionInput, pricingType: PricingType, at: Instant): Subscription {
  const { key, id, planKey, firstPayment, usageCutoff, trial, cancellation, ending } = input
  return newSubscription({
    ...{ key, id, planKey, pricingType, firstPayment, usageCutoff, trial, cancellation, ending },
    createdAt: at,
    startsAt: input.startsAt ?? at,
    billingPeriod: billingPeriodOf(pricingType, input.billingPeriod),
    content: contentOf(input),
  })
}

/** Months are the default while plans have no prices that could say otherwise. */
function billingPeriodOf(
  pricingType: PricingType,
  asked: BillingPeriod | undefined,
): BillingPeriod | null {
  if (pricingType === 'FREE') return null
  return asked ?? (pricingType === 'PAID' ? 'MONTHLY' : null)
}

const contentOf = ({ addons, units, overrides, metadata }: ProvisionInput) => ({
  addons: addons ?? [],
  units: units ?? [],
  overrides: overrides ?? [],
  metadata: metadata ?? {},
})

function addNew(line: Line, subscription: Subscription, moment: Moment): Provision {
  const change = add(line, subscription, moment)
  return { ...change, key: subscription.key, isScheduled: subscription.startsAt > moment.at }
}

type Request = { input: ProvisionInput; moment: Moment }

/** A scheduled cancellation stays unless the request has another one. */
function update(line: Line, { key }: Subscription, { input, moment }: Request): Provision {
  const cancellationAt = input.cancellation?.at
  const endingAt = input.ending?.at
  const successor = (input.cancellation ?? input.ending)?.successor ?? null
  const change = updateSubscription(
    line,
    key,
    { ...input, cancellationAt, endingAt, successor },
    moment,
  )
  const isLater = input.strategy !== null && input.strategy !== 'IMMEDIATE'
  return { ...change, key, isScheduled: isLater && change.transitions.length > 0 }
}

/** The trial keeps its id. Charges begin now. */
function convert(line: Line, { key }: Subscription, { input, moment }: Request): Provision {
  const { at } = moment
  const { firstPayment, cancellation } = input
  const update = { ...input, successor: null }
  const change = inTurn(updateSubscription(line, key, update, moment), (now) => {
    const trial = { ...subscriptionOf(now, key), firstPayment, cancellation }
    return convertTrial(now, trial, { at, anchor: at })
  })
  return { ...change, key, isScheduled: false }
}

/** Changes the plan now, or schedules it in place of everything that was scheduled. */
function change(line: Line, main: Subscription, { input, moment }: Request): Provision {
  const { at } = moment
  const { key, id, planKey, anchor, firstPayment, cancellation, startsAt, usageCutoff } = input
  const billingPeriod = billingPeriodOf(pricingTypeAt(planKey, moment), input.billingPeriod)
  const plan = {
    successor: { key, id, planKey },
    ...{ billingPeriod, anchor, usageCutoff },
    content: contentOf(input),
  }
  const where = inBody('scheduleStrategy')
  const effect = startsAt === null ? effectOf(main, input.strategy, { at, where }) : at
  if (effect === at) {
    const dates = { cancellation, ending: input.ending, startsAt: startsAt ?? at }
    const next = replacePlan(line, main, { ...plan, ...dates, firstPayment }, moment)
    return { ...next, key, isScheduled: false }
  }
  const type = comparePlans(main, planKey, moment) === 'DOWNGRADE' ? 'DOWNGRADE' : 'PLAN'
  const scheduled: FutureUpdate = { status: 'SCHEDULED', at: effect, change: { type, ...plan } }
  const after = { ...main, updates: [...cancelUpdates(main.updates), scheduled] }
  return { ...put(line, after, { at, kind: 'UPDATED' }), key: main.key, isScheduled: true }
}

/**
 * Returns the newest version of a plan that can be subscribed to. 404 `PlanNotFound`; 400
 * `UnPublishedPackage`, `EntityIsArchivedError`.
 */
export function requirePlan(plan: Package | null, planId: string, at: Instant): PackageVersion {
  const field = inBody('planId')
  if (plan === null)
    throw notFound(field, 'PlanNotFound', `planId: there is no plan with the id ${planId}`)
  const version = versionAt(plan, at)
  if (version === null)
    throw badInput(field, `planId: the plan ${planId} was never published`, 'UnPublishedPackage')
  if (isArchivedAt(plan, at))
    throw badInput(field, `planId: the plan ${planId} is archived`, 'EntityIsArchivedError')
  return version
}
