import { required } from '../kernel/assert.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Moment } from './change-line.ts'
import { pinLatest, planPins, versionOf } from './pin-versions.ts'
import type { PricingType, Subscription } from './types.ts'

/** Whether a change gives more or less. NEITHER takes effect like an upgrade. */
export type Direction = 'UPGRADE' | 'DOWNGRADE' | 'NEITHER'

/** A custom plan is more than a paid one, and this is more than a free one. */
const RANKS: Readonly<Record<PricingType, number>> = { FREE: 0, PAID: 1, CUSTOM: 2 }

/**
 * Returns the direction of a change from a subscription in force to another plan. A plan is more
 * than one that it inherits from. Otherwise the kind of pricing decides, and between custom plans
 * the order in which they were created. Two free plans are equal, and so are two paid ones, whose
 * prices are unknown.
 */
export function comparePlans(
  current: Pick<Subscription, 'planKey' | 'pricingType' | 'pins'>,
  planKey: Uuid,
  { at, packages }: Moment,
): Direction {
  if (planKey === current.planKey) return 'NEITHER'
  const target = pinLatest({ planKey, addons: [] }, at, packages)
  if (target.some(({ packageKey }) => packageKey === current.planKey)) return 'UPGRADE'
  const own = planPins(current.pins, packages)
  if (own.some(({ packageKey }) => packageKey === planKey)) return 'DOWNGRADE'
  const { pricingType } = versionOf(packages, required(target[0], 'the pin of a plan'))
  const rise = RANKS[pricingType] - RANKS[current.pricingType]
  if (rise !== 0) return rise > 0 ? 'UPGRADE' : 'DOWNGRADE'
  if (pricingType !== 'CUSTOM') return 'NEITHER'
  return planKey > current.planKey ? 'UPGRADE' : 'DOWNGRADE'
}
