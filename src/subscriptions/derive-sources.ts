import type { Source } from '../entitlements/index.ts'
import { required } from '../kernel/assert.ts'
import type { Uuid } from '../kernel/ids.ts'
import { addonPins, planPins, versionOf } from './pin-versions.ts'
import type { PackageEntitlement, Packages, Pin, Subscription } from './types.ts'

/** A source of a feature. The revision that it is of says from when until when it is in force. */
export type FeatureSource = Omit<Source, 'startsAt' | 'endsAt' | 'updatedAt'> & {
  featureKey: Uuid
}

/** Returns whether a subscription gives access. */
export const givesAccess = ({ status }: Pick<Subscription, 'status'>): boolean =>
  status === 'ACTIVE' || status === 'IN_TRIAL'

/**
 * Returns the sources of a subscription in its present state: one for each entitlement of its plan,
 * of the plans that this inherits from, of its add-ons, and of its own. Their order has no meaning:
 * `resolve` combines them.
 */
export function deriveSources(subscription: Subscription, packages: Packages): FeatureSource[] {
  if (!givesAccess(subscription)) return []
  const { pins, content } = subscription
  const ofPlans = planPins(pins, packages).flatMap((pin, generation) =>
    sourcesOfPin(subscription, packages, { pin, generation, quantity: 1 }),
  )
  const ofAddons = addonPins(pins, packages).flatMap((pin) => {
    const addon = content.addons.find(({ addonKey }) => addonKey === pin.packageKey)
    const { quantity } = required(addon, 'the add-on of a pin')
    return sourcesOfPin(subscription, packages, { pin, generation: 0, quantity })
  })
  return [...ofPlans, ...ofAddons, ...ownSources(subscription, ofPlans)]
}

function sourcesOfPin(
  subscription: Subscription,
  packages: Packages,
  { pin, generation, quantity }: { pin: Pin; generation: number; quantity: number },
): FeatureSource[] {
  const { id, type } = required(packages.get(pin.packageKey), 'a pinned package')
  const kind = type === 'Addon' ? 'ADDON' : generation === 0 ? 'PLAN' : 'PARENT_PLAN'
  return versionOf(packages, pin).entitlements.map((entitlement) => ({
    ...common(subscription, entitlement),
    kind,
    id,
    version: pin.version,
    quantity,
    generation,
    behavior: entitlement.behavior,
  }))
}

const common = (
  { id, status, usageAnchor }: Subscription,
  { featureKey, allowance, reset }: Omit<PackageEntitlement, 'behavior'>,
) => ({
  featureKey,
  subscription: { id, isTrial: status === 'IN_TRIAL' },
  allowance,
  reset,
  anchor: usageAnchor,
})

/**
 * The units bought of a feature are its limit. Softness and reset period are those of the plan. An
 * override replaces even this.
 */
function ownSources(
  subscription: Subscription,
  ofPlans: readonly FeatureSource[],
): FeatureSource[] {
  const { overrides, units } = subscription.content
  const isOverridden = (key: Uuid) => overrides.some(({ featureKey }) => featureKey === key)
  const bought = units
    .filter(({ featureKey }) => !isOverridden(featureKey))
    .map(({ featureKey, quantity }) => {
      const base = ofPlans.find((source) => source.featureKey === featureKey)
      const isSoft = base?.allowance?.isSoft ?? false
      const allowance = { limit: quantity, isUnlimited: false, isSoft, enumValues: [] }
      return { featureKey, allowance, reset: base?.reset ?? null }
    })
  return [...bought, ...overrides].map((own) => ({
    ...common(subscription, own),
    kind: 'SUBSCRIPTION',
    id: subscription.id,
    version: null,
    quantity: 1,
    generation: 0,
    behavior: 'Increment',
  }))
}
