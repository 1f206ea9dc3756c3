import { isLevel, transformUnits } from '../../catalog/features/index.ts'
import type { CreditEvaluation, DecisionQuery } from '../../entitlements/index.ts'
import {
  changed,
  counterfactual,
  creditCounterfactual,
  decide,
  isBlockedByHold,
  sourcesToWire,
} from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import { contains } from '../../kernel/period.ts'
import { quantityToWire } from '../../kernel/quantity.ts'
import { findHoldEnds } from '../../metering/reservations/index.ts'
import type { BlockingHolds, Explanation, HoldOwner, Outcome, Shown } from './participant.ts'
import type { DimensionChange, Stance, Way } from './ways.ts'

/** When an entitlement begins, ends or is reset. */
export const changesOfLimits = ({ entitlement }: Outcome): readonly (number | null)[] => [
  entitlement.validUntil,
]

/** The holds in the window of the limit that denies. */
export function holdsBlockingLimits(
  { entitlement, now }: Outcome,
  { customerKey, resourceKey }: HoldOwner,
): BlockingHolds | null {
  const { featureState } = entitlement
  if (featureState === null || !isBlockedByHold(entitlement)) return null
  const { window, feature } = featureState
  const windowOf = { customerKey, resourceKey, featureKey: feature.key, window }
  return {
    includes: (hold) =>
      hold.featureKey === feature.key &&
      hold.resourceKey === resourceKey &&
      contains(window, hold.occurredAt),
    readEnd: async (reader) => (await findHoldEnds(reader, [windowOf], now))[0] ?? null,
  }
}

/** The sources of the feature, and what reservations hold of it. */
export function explainLimits({ evaluated }: Shown): Explanation {
  const featureState = evaluated?.featureState ?? null
  if (featureState === null) return {}
  const { feature, used } = featureState
  return {
    sources: sourcesToWire(featureState),
    holds: quantityToWire(transformUnits(used.held, feature.unitTransformation)),
    isLevel: isLevel(feature),
  }
}

export function stanceOfLimits({ evaluated, credit, denying = [] }: Shown): Stance {
  const needed = denying.map((key): DimensionChange => ({ change: 'dimension', to: 'KNOWN', key }))
  if (evaluated !== undefined) return { ...stanceOn(evaluated.query), needed }
  return { ...stanceOnCredits(required(credit, 'the decision about a currency')), needed }
}

/** The stance on a query about a feature. */
export const stanceOn = (query: DecisionQuery): Stance => ({
  isGranted: decide(query).isGranted,
  room: null,
  toGrant: () => counterfactual(query),
  toDeny: () => counterfactual(query),
  after: (way) => stanceOn(queryAfter(query, way)),
  needed: [],
})

/** Returns a query after the changes of a way that concern it. */
export const queryAfter = (query: DecisionQuery, way: Way): DecisionQuery =>
  way.reduce(
    (state, change) =>
      change.change === 'budget' || change.change === 'dimension' ? state : changed(state, change),
    query,
  )

/** Credits do not exist yet, so each way has a balance. */
function stanceOnCredits({ subject, request }: CreditEvaluation): Stance {
  const way = creditCounterfactual(subject, request)
  const denial: Stance = {
    isGranted: false,
    room: null,
    toGrant: () => [way],
    toDeny: () => [],
    after: (changes) => ({
      ...denial,
      isGranted: changes.some(({ change }) => change === 'balance'),
    }),
    needed: [],
  }
  return denial
}
