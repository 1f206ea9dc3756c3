import { isLevel, transformUnits } from '../catalog/index.ts'
import type {
  Entitlement,
  EntitlementCounterfactual,
  EntitlementExplanation,
  EntitlementExplanationNode,
} from '../contract.gen.ts'
import {
  creditCounterfactual,
  creditEntitlementToWire,
  featureEntitlementToWire,
  sourcesToWire,
} from '../entitlements/index.ts'
import { type ChainNode, chainNodeToWire, type Unattributed } from '../governance/index.ts'
import { instantToWire } from '../kernel/clock.ts'
import { type Quantity, quantityToWire } from '../kernel/quantity.ts'
import type { Checked } from './check.ts'
import { limitsOn, raisedBy, type Way, waysWithBudgets } from './explain-budgets.ts'
import { isFinal } from './join-decisions.ts'

/** The answer of a check. Chains are there if dimensions were sent. */
export function checkedToWire(checked: Checked): Entitlement {
  const entitlement = entitlementToWire(checked)
  const { met } = checked
  return met === null ? entitlement : { ...entitlement, chains: chainsOf(checked, chainNodeToWire) }
}

function entitlementToWire({ decision, validUntil, ...base }: Checked): Entitlement {
  if (base.kind === 'feature')
    return featureEntitlementToWire({ ...base.evaluated, decision, validUntil })
  return creditEntitlementToWire({ ...base.evaluated, decision, validUntil })
}

/** No budget is shown to whom something else stands in the way of. */
const chainsOf = <Node>(
  { met, evaluated }: Checked,
  nodeToWire: (node: ChainNode) => Node,
): Node[][] =>
  met === null || isFinal(evaluated.decision)
    ? []
    : met.chains.map((chain) => chain.map(nodeToWire))

/** The answer of the same check, and why. */
export function explanationToWire(
  checked: Checked,
  unattributed: readonly Unattributed[],
): EntitlementExplanation {
  const { decision, met } = checked
  const { sources, holds, transformation, isOfLevel } = partsOf(checked)
  return {
    ...entitlementToWire(checked),
    rule: decision.rule,
    sources,
    counterfactual: waysOf(checked).map((way) => way.map(changeToWire)),
    holds: quantityToWire(transformUnits(holds, transformation)),
    isLevel: isOfLevel,
    chains: chainsOf(checked, (node) => explainedNodeToWire(node, transformation)),
    unresolved: [...(met?.unresolved ?? [])],
    unattributed: unattributed.map(({ key, records, lastAt }) => ({
      key,
      records,
      lastAt: instantToWire(lastAt),
    })),
  }
}

type Transformation = Parameters<typeof transformUnits>[1]

function partsOf(checked: Checked) {
  const holding = checked.kind === 'feature' ? checked.evaluated.holding : null
  return {
    sources: holding === null ? [] : sourcesToWire(holding),
    holds: holding?.used.held ?? 0n,
    transformation: holding?.feature.unitTransformation ?? null,
    isOfLevel: holding !== null && isLevel(holding.feature),
  }
}

function waysOf(checked: Checked): Way[] {
  const limits = limitsOn(checked.met?.chains ?? [])
  if (checked.kind === 'feature') return waysWithBudgets(checked.evaluated.asked, limits)
  const { subject, request } = checked.evaluated
  const amount = request.usage ?? request.defaultUsage
  const demand = { amount, transformation: null }
  return [[...creditCounterfactual(subject, request), ...raisedBy(demand, limits)]]
}

function explainedNodeToWire(
  node: ChainNode,
  transformation: Transformation,
): EntitlementExplanationNode {
  const { budget, usageLimit } = node
  const unitsOf = (usage: Quantity) => transformUnits(usage, transformation)
  const spent = unitsOf((budget?.used ?? 0n) + (budget?.held ?? 0n))
  const left = usageLimit === null ? null : usageLimit - spent
  return {
    ...chainNodeToWire(node),
    remaining: left === null ? null : quantityToWire(left < 0n ? 0n : left),
    holds: quantityToWire(unitsOf(budget?.held ?? 0n)),
    resetsAt: resetOf(budget),
    blocks: !node.isGranted,
  }
}

/** A level is not reset. */
const resetOf = (budget: ChainNode['budget']): string | null =>
  budget !== null && Number.isFinite(budget.window.end) ? instantToWire(budget.window.end) : null

function changeToWire(change: Way[number]): EntitlementCounterfactual {
  const { to } = change
  const named =
    change.change === 'budget'
      ? { entityId: change.entityId, scopeEntityIds: [...change.scopeEntityIds] }
      : {}
  if (typeof to === 'bigint') return { change: change.change, to: quantityToWire(to), ...named }
  return { change: change.change, to: to === null || typeof to === 'string' ? to : [...to] }
}
