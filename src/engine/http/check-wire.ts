import type {
  Entitlement,
  EntitlementCounterfactual,
  EntitlementExplanation,
} from '../../api.gen.ts'
import { type BudgetNode, chainNodeToWire, type UnresolvedKeyCount } from '../../budgets/index.ts'
import { isLevel, transformUnits } from '../../catalog/features/index.ts'
import {
  creditCounterfactual,
  creditEntitlementToWire,
  featureEntitlementToWire,
  sourcesToWire,
} from '../../entitlements/index.ts'
import { instantToWire } from '../../kernel/clock.ts'
import { quantityToWire } from '../../kernel/quantity.ts'
import {
  type CheckResult,
  dimensionChanges,
  limitsOn,
  raisedBy,
  type Way,
  waysWithUnknown,
} from '../check/index.ts'
import { isFinal } from '../participants/index.ts'

/** Returns the response of a check. It shows budgets only if dimensions were sent. */
export function checkToWire(checked: CheckResult): Entitlement {
  const entitlement = entitlementToWire(checked)
  const { budgets } = checked
  if (budgets === null) return entitlement
  const chains = chainsOf(checked, chainNodeToWire)
  return { ...entitlement, chains, unresolved: [...budgets.unresolved] }
}

function entitlementToWire({ decision, validUntil, ...evaluation }: CheckResult): Entitlement {
  if (evaluation.kind === 'feature')
    return featureEntitlementToWire({ ...evaluation.evaluated, decision, validUntil })
  return creditEntitlementToWire({ ...evaluation.evaluated, decision, validUntil })
}

/** Returns no budget paths if the denial is final. */
const chainsOf = <Node>(
  { budgets, evaluated }: CheckResult,
  nodeToWire: (node: BudgetNode) => Node,
): Node[][] =>
  budgets === null || isFinal(evaluated.decision)
    ? []
    : budgets.chains.map((chain) => chain.map(nodeToWire))

/** Returns the response of an explanation. */
export function explanationToWire(
  checked: CheckResult,
  unattributed: readonly UnresolvedKeyCount[],
): EntitlementExplanation {
  const { decision, budgets } = checked
  const { sources, holds, transformation, isOfLevel } = partsOf(checked)
  return {
    ...entitlementToWire(checked),
    rule: decision.rule,
    sources,
    counterfactual: waysOf(checked).map((way) => way.map(changeToWire)),
    holds: quantityToWire(transformUnits(holds, transformation)),
    isLevel: isOfLevel,
    chains: chainsOf(checked, (node) => ({ ...chainNodeToWire(node), blocks: !node.isGranted })),
    unresolved: [...(budgets?.unresolved ?? [])],
    unattributed: unattributed.map(({ key, records, lastAt }) => ({
      key,
      records,
      lastAt: instantToWire(lastAt),
    })),
  }
}

function partsOf(checked: CheckResult) {
  const featureState = checked.kind === 'feature' ? checked.evaluated.featureState : null
  return {
    sources: featureState === null ? [] : sourcesToWire(featureState),
    holds: featureState?.used.held ?? 0n,
    transformation: featureState?.feature.unitTransformation ?? null,
    isOfLevel: featureState !== null && isLevel(featureState.feature),
  }
}

function waysOf(checked: CheckResult): Way[] {
  const limits = limitsOn(checked.budgets?.chains ?? [])
  const denying = checked.budgets?.denying ?? []
  if (checked.kind === 'feature') return waysWithUnknown(checked.evaluated.query, limits, denying)
  const { subject, request } = checked.evaluated
  const amount = request.usage ?? request.defaultUsage
  const demand = { amount, transformation: null }
  const own = creditCounterfactual(subject, request)
  return [[...own, ...raisedBy(demand, limits), ...dimensionChanges(denying)]]
}

function nameOf(change: Way[number]): Partial<EntitlementCounterfactual> {
  if (change.change === 'dimension') return { key: change.key }
  if (change.change !== 'budget') return {}
  return { entityId: change.entityId, scopeEntityIds: [...change.scopeEntityIds] }
}

function changeToWire(change: Way[number]): EntitlementCounterfactual {
  return { change: change.change, to: aimToWire(change.to), ...nameOf(change) }
}

function aimToWire(to: Way[number]['to']): EntitlementCounterfactual['to'] {
  if (typeof to === 'bigint') return quantityToWire(to)
  return to === null || typeof to === 'string' ? to : [...to]
}
