import type { BareFeature } from '../catalog/index.ts'
import type {
  EntitlementAllowance,
  EntitlementCounterfactual,
  EntitlementExplanation,
  EntitlementSource,
} from '../contract.gen.ts'
import { quantityToWire } from '../kernel/quantity.ts'
import type { Evaluated } from './evaluate.ts'
import { type Change, counterfactual, creditCounterfactual } from './explain.ts'
import type { EvaluatedCredit } from './queries.ts'
import type { Allowance, Part } from './types.ts'
import {
  creditEntitlementToWire,
  featureEntitlementToWire,
  limitToWire,
  valuesToWire,
} from './wire.ts'

/** The answer of the check, and why. Budgets are no part of it yet: no chains. */
export function explanationToWire(evaluated: Evaluated): EntitlementExplanation {
  const { asked, decision, holding } = evaluated
  return {
    ...featureEntitlementToWire(evaluated),
    rule: decision.rule,
    sources: holding?.resolution.parts.map((part) => sourceToWire(part, holding.feature)) ?? [],
    counterfactual: counterfactual(asked).map((way) => way.map(changeToWire)),
  }
}

export const creditExplanationToWire = (evaluated: EvaluatedCredit): EntitlementExplanation => ({
  ...creditEntitlementToWire(evaluated),
  rule: evaluated.decision.rule,
  sources: [],
  counterfactual: [creditCounterfactual(evaluated.subject, evaluated.request).map(changeToWire)],
})

const sourceToWire = (
  { source, contributes, wins }: Part,
  feature: BareFeature,
): EntitlementSource => ({
  kind: source.kind,
  id: source.id,
  version: source.version,
  quantity: source.quantity,
  contributes: contributes && allowanceToWire(contributes, feature),
  wins,
})

const allowanceToWire = (allowance: Allowance, feature: BareFeature): EntitlementAllowance => ({
  usageLimit: limitToWire(allowance.limit),
  hasUnlimitedUsage: allowance.isUnlimited,
  hasSoftLimit: allowance.isSoft,
  enumValues: valuesToWire(allowance, feature),
})

function changeToWire({ change, to }: Change): EntitlementCounterfactual {
  if (typeof to === 'bigint') return { change, to: quantityToWire(to) }
  return { change, to: to === null || typeof to === 'string' ? to : [...to] }
}
