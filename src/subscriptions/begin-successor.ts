import { required } from '../kernel/assert.ts'
import { anchorAfter } from './billing-period.ts'
import { add, type Moment, mainOf, unchanged } from './change-line.ts'
import { isOnSale, versionAt } from './pin-versions.ts'
import type {
  Content,
  Line,
  LineChange,
  PlanChange,
  PricingType,
  Subscription,
  Successor,
} from './types.ts'

/** A subscription without anything that has happened to it. */
export const newSubscription = (
  parts: Pick<Subscription, 'key' | 'id' | 'planKey' | 'pricingType' | 'createdAt' | 'startsAt'> &
    Partial<Subscription>,
): Subscription => ({
  status: 'NOT_STARTED',
  cancelReason: null,
  followsTrial: null,
  ending: null,
  cancellation: null,
  closedAt: null,
  trial: null,
  firstPayment: 'NOT_NEEDED',
  paymentUntil: null,
  billingPeriod: null,
  anchor: null,
  periodStart: null,
  usageAnchor: parts.startsAt,
  usageCutoff: 'ALWAYS_RESET',
  content: NO_CONTENT,
  pins: [],
  updates: [],
  ...parts,
})

const NO_CONTENT: Content = { addons: [], units: [], overrides: [], metadata: {} }

/**
 * Starts the free plan that follows an ended subscription. Nothing follows if another one is in
 * force, or if the plan is not sold any more.
 */
export function followUp(
  line: Line,
  { ended, successor }: { ended: Subscription; successor: Successor | null },
  { at, packages }: Moment,
): LineChange {
  if (successor === null || mainOf(line) !== null) return unchanged(line)
  if (!isOnSale(packages, successor.planKey, at)) return unchanged(line)
  const { key, id, planKey } = successor
  const { usageCutoff } = ended
  const pricingType = pricingTypeAt(planKey, { at, packages })
  const free = { key, id, planKey, pricingType, createdAt: at, startsAt: at, usageCutoff }
  return add(line, newSubscription(free), { at, packages })
}

/** Returns the pricing type of the newest version of a plan, which must have been published. */
export function pricingTypeAt(planKey: string, { at, packages }: Moment): PricingType {
  const plan = required(packages.get(planKey), 'a plan')
  return required(versionAt(plan, at), 'a published version').pricingType
}

/**
 * Starts the subscription that takes the place of another one by a change of plan. The billing
 * periods go on if both have the same length.
 */
export function replacePlan(
  line: Line,
  before: Subscription,
  plan: PlanChange & Pick<Subscription, 'firstPayment' | 'cancellation' | 'ending' | 'startsAt'>,
  { at, packages }: Moment,
): LineChange {
  const { key, id, planKey } = plan.successor
  const { firstPayment, cancellation, ending, content, startsAt, usageCutoff } = plan
  const pricingType = pricingTypeAt(planKey, { at, packages })
  const billingPeriod = pricingType === 'FREE' ? null : plan.billingPeriod
  // Periods that begin anew begin with the subscription, which may have been sold for the past.
  const anewAt = plan.anchor === 'NOW' ? at : startsAt
  const after = newSubscription({
    ...{ key, id, planKey, pricingType, createdAt: at, startsAt, billingPeriod },
    ...{ firstPayment, cancellation, ending, content, usageCutoff },
    anchor: anchorAfter(before, billingPeriod, { at: anewAt, choice: plan.anchor }),
  })
  return add(line, after, { at, packages })
}
