import { type BudgetNode, budgetPaths, type Demand } from '../../src/budgets/budget-path.ts'
import { windowOf } from '../../src/budgets/cadence.ts'
import { counterName } from '../../src/budgets/postings.ts'
import { instantFromWire } from '../../src/kernel/clock.ts'
import { quantityToWire, wholeUnits } from '../../src/kernel/quantity.ts'
import {
  budgetName,
  budgetOf,
  type Company,
  type CompanyBudget,
  createCounters,
  type Dimension,
  resolvedBy,
} from './company.ts'

export const now = instantFromWire('2026-05-18T10:07:42.000Z')

/** Returns a demand for tokens. */
export const asks = (requested: number, more: Partial<Demand> = {}): Demand => ({
  capabilityKey: 'tokens',
  currencyId: null,
  transformation: null,
  amount: wholeUnits(requested),
  ...more,
})

/**
 * Returns a node as text: `ann 10/30` is usage and limit, `ann 30/30!` denies, `ann -` has no
 * budget.
 */
function shown(node: BudgetNode): string {
  const scope = node.scopeEntityIds.length > 0 ? `[${node.scopeEntityIds}]` : ''
  const currency = node.currencyId === null ? '' : `${node.currencyId} `
  const usage =
    node.budget === null
      ? '-'
      : `${quantityToWire(node.currentUsage)}/${node.usageLimit === null ? '∞' : quantityToWire(node.usageLimit)}`
  return `${currency}${node.entityId}${scope} ${usage}${node.isGranted ? '' : '!'}`
}

export type Usage = Readonly<Record<string, number>>

/** Returns the counters of the current windows. `usage` is by the names of budgets. */
export function countersOf(company: Company, usage: Usage) {
  const counters = createCounters()
  for (const each of company.budgets) {
    const budget = budgetOf(each)
    const count = usage[budgetName(each)]
    if (count !== undefined)
      counters.sums.set(counterName(budget, windowOf(budget, now)), wholeUnits(count))
  }
  return counters
}

/** Decides a request. Returns its chains as text (`shown`), and whether it is granted. */
export function decided(
  company: Company,
  dimensions: readonly Dimension[],
  more: { usage?: Usage; holds?: Usage; demands?: readonly Demand[] } = {},
) {
  const demands = more.demands ?? [asks(1)]
  const capabilities = demands.map(({ capabilityKey }) => capabilityKey)
  const { chains, isGranted } = budgetPaths(
    resolvedBy(company, dimensions, capabilities),
    demands,
    {
      counters: countersOf(company, more.usage ?? {}).sums,
      holds: countersOf(company, more.holds ?? {}).sums,
      at: now,
    },
  )
  return { chains: chains.map((chain) => chain.map(shown)), isGranted }
}

export const types: Company['types'] = {
  org: { keys: ['orgId'] },
  team: { keys: ['teamId'] },
  user: { keys: ['userId', 'agentId'] },
  model: { keys: ['modelId'] },
}

/** The company of the edge cases. Only its root has a budget; each case adds others. */
export const edges: Company = {
  types: { ...types, old: { keys: ['oldId'], archived: true } },
  entities: {
    org: { type: 'org', parent: null },
    team: { type: 'team', parent: 'org' },
    gone: { type: 'team', parent: 'org', archived: true },
    user: { type: 'user', parent: 'team' },
    orphan: { type: 'user', parent: 'gone' },
    quit: { type: 'user', parent: 'team', archived: true },
    relic: { type: 'old', parent: 'org', archived: true },
    loner: { type: 'user', parent: null },
    gpt: { type: 'model' },
  },
  budgets: [{ entity: 'org', limit: 10 }],
}
export const user: Dimension = ['userId', 'user']
/** Returns `edges` with further budgets. */
export const withBudgets = (...budgets: CompanyBudget[]): Company => ({
  ...edges,
  budgets: [...edges.budgets, ...budgets],
})
