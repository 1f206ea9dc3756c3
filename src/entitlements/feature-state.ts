import type { BareFeature } from '../catalog/features/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import { contains, type Window } from '../kernel/period.ts'
import type { UsageAmount } from '../metering/index.ts'
import type { Hold } from '../metering/reservations/index.ts'
import type { ResolvedSources } from './types.ts'

/** A feature with the customer's entitlement to it and its usage. */
export type FeatureState = ResolvedSources & {
  feature: BareFeature
  /** The window whose usage is compared with the limit. */
  window: Window
  used: UsageAmount
}

type FeatureHold = Pick<Hold, 'featureKey' | 'resourceKey' | 'occurredAt' | 'amount'>

/**
 * Returns the state of a feature, or of a resource's use of it, without the holds that have expired
 * but are not recorded as expired yet.
 */
export function withoutExpiredHolds(
  state: FeatureState,
  resourceKey: Uuid,
  expired: readonly FeatureHold[],
): FeatureState {
  if (expired.length === 0) return state
  const { feature, window, used } = state
  const held = expired
    .filter((hold) => hold.featureKey === feature.key && hold.resourceKey === resourceKey)
    .filter((hold) => contains(window, hold.occurredAt))
    .reduce((left, hold) => left - hold.amount, used.held)
  return { ...state, used: { ...used, held } }
}
