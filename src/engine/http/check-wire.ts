import type {
  Entitlement,
  EntitlementCounterfactual,
  EntitlementExplanation,
} from '../../api.gen.ts'
import { chainNodeToWire, type UnresolvedKeyCount } from '../../budgets/index.ts'
import { creditEntitlementToWire, featureEntitlementToWire } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import { instantToWire } from '../../kernel/clock.ts'
import { quantityToWire } from '../../kernel/quantity.ts'
import type { CheckResult } from '../check/index.ts'
import { decisionByEntitlement, explainAll, isFinal, type Way } from '../participants/index.ts'

/**
 * Returns the response of a check. It shows budgets only if dimensions were sent, and no budget
 * paths if the denial is final.
 */
export function checkToWire(checked: CheckResult): Entitlement {
  const entitlement = entitlementToWire(checked)
  const { chains, unresolved = [] } = checked.shown
  if (chains === undefined) return entitlement
  const paths = isFinal(decisionByEntitlement(checked.shown)) ? [] : chains
  return {
    ...entitlement,
    chains: paths.map((path) => path.map(chainNodeToWire)),
    unresolved: [...unresolved],
  }
}

function entitlementToWire({ decision, validUntil, shown }: CheckResult): Entitlement {
  const { evaluated, credit } = shown
  if (evaluated !== undefined)
    return featureEntitlementToWire({ ...evaluated, decision, validUntil })
  const decided = required(credit, 'the decision about a currency')
  return creditEntitlementToWire({ ...decided, decision, validUntil })
}

/** Returns the response of an explanation. */
export function explanationToWire(
  checked: CheckResult,
  unattributed: readonly UnresolvedKeyCount[],
): EntitlementExplanation {
  const { fields, ways } = explainAll(checked.shown)
  return {
    ...entitlementToWire(checked),
    rule: checked.decision.rule,
    sources: [],
    counterfactual: ways.map((way) => way.map(changeToWire)),
    holds: 0,
    isLevel: false,
    chains: [],
    unresolved: [],
    ...fields,
    unattributed: unattributed.map(({ key, records, lastAt }) => ({
      key,
      records,
      lastAt: instantToWire(lastAt),
    })),
  }
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
