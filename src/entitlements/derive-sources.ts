import type { Given } from '../catalog/packages/entitlements/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { GivenQuery } from './given.ts'
import { countingFor, type HeldSubscription, type Holding, type VersionPin } from './holding.ts'
import type { Source } from './types.ts'

/** Returns what a version gives of a feature; null if nothing. */
type GivenBy = (query: GivenQuery) => Given | null

/**
 * Returns the sources of a feature that come from subscriptions: one for each entitlement of a
 * plan, of the plans that it inherits from, of an add-on, and of a subscription itself. Their order
 * has no meaning: `resolve` combines them.
 */
export const deriveSources = (
  holding: Holding,
  { featureKey, resourceKey }: { featureKey: Uuid; resourceKey: Uuid | null },
  givenBy: GivenBy,
): Source[] =>
  countingFor(holding, resourceKey).flatMap((subscription) =>
    sourcesOf(subscription, featureKey, { endsAt: holding.until, givenBy }),
  )

function sourcesOf(
  subscription: HeldSubscription,
  featureKey: Uuid,
  { endsAt, givenBy }: Pick<Source, 'endsAt'> & { givenBy: GivenBy },
): Source[] {
  const { id, isTrial, since, usageAnchor, plans, addons } = subscription
  const common = {
    subscription: { id, isTrial },
    anchor: usageAnchor,
    countsFrom: usageAnchor,
    startsAt: since,
    endsAt,
    updatedAt: since,
  }
  const sourceOf = (
    pin: VersionPin,
    as: Pick<Source, 'kind' | 'generation' | 'quantity'>,
  ): Source[] => {
    const given = givenBy({ pin, featureKey })
    return given === null ? [] : [{ ...common, ...given, ...as, id: pin.id, version: pin.version }]
  }
  const ofPlans = plans.flatMap((pin, generation) =>
    sourceOf(pin, { kind: generation === 0 ? 'PLAN' : 'PARENT_PLAN', generation, quantity: 1 }),
  )
  const ofAddons = addons.flatMap(({ pin, quantity }) =>
    sourceOf(pin, { kind: 'ADDON', generation: 0, quantity }),
  )
  const ofItself = ownOf(subscription, featureKey, ofPlans).map(
    (own): Source => ({
      ...{ ...common, ...own, kind: 'SUBSCRIPTION', id, version: null },
      ...{ generation: 0, quantity: 1, behavior: 'Increment' },
    }),
  )
  return [...ofPlans, ...ofAddons, ...ofItself]
}

/**
 * Returns what a subscription itself gives of a feature: its override, or else the units bought.
 * Softness and reset period of those are as in the plan.
 */
function ownOf(
  { overrides, units }: HeldSubscription,
  featureKey: Uuid,
  [base]: readonly Source[],
): Pick<Source, 'allowance' | 'reset'>[] {
  const isOfFeature = (own: { featureKey: Uuid }) => own.featureKey === featureKey
  const override = overrides.find(isOfFeature)
  if (override !== undefined) return [{ allowance: override.allowance, reset: override.reset }]
  const isSoft = base?.allowance?.isSoft ?? false
  const reset = base?.reset ?? null
  return units.filter(isOfFeature).map(({ quantity }) => ({
    allowance: { limit: quantity, isUnlimited: false, isSoft, enumValues: [] },
    reset,
  }))
}
