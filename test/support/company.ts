import type { Cadence } from '../../src/budgets/cadence.ts'
import { counterName } from '../../src/budgets/postings.ts'
import type { Budget, Node, Resolution } from '../../src/budgets/types.ts'
import type { Instant } from '../../src/kernel/clock.ts'
import { type Quantity, wholeUnits } from '../../src/kernel/quantity.ts'
import type { Posting } from '../../src/metering/index.ts'

/** The entities and budgets of a customer in a test. Keys are ids. */
export type Company = {
  types: Readonly<Record<string, { keys: readonly string[]; archived?: boolean }>>
  entities: Readonly<Record<string, { type: string; parent?: string | null; archived?: boolean }>>
  budgets: readonly CompanyBudget[]
}

export type CompanyBudget = {
  entity: string
  capability?: string
  scope?: readonly string[]
  limit: number | null
  cadence?: Cadence
  createdAt?: Instant
}

export type Dimension = readonly [key: string, value: string]

/** The name of a budget in a test: `team`, or `team[gpt-4o]`. */
export const budgetName = ({ entity, scope = [], capability = 'tokens' }: CompanyBudget): string =>
  `${capability === 'tokens' ? '' : `${capability} `}${entity}${scope.length > 0 ? `[${[...scope].sort()}]` : ''}`

/**
 * Returns what dimensions lead to. It is a simple model with which the SQL statement is compared.
 * Source: the entitlement check of the API document.
 */
export function resolvedBy(
  company: Company,
  dimensions: readonly Dimension[],
  capabilities: readonly string[] = ['tokens'],
): Resolution {
  const { types, entities } = company
  const isArchived = (id: string) => entities[id]?.archived === true
  const named = ([key, value]: Dimension): boolean => {
    const type = types[entities[value]?.type ?? '']
    return type?.keys.includes(key) === true
  }
  const climb = (id: string): string[] => {
    const above = entities[id]?.parent ?? null
    return above === null ? [id] : [id, ...climb(above)]
  }
  const nodeOf = (id: string): Node => ({
    entityKey: id,
    entityId: id,
    isArchived: isArchived(id),
  })
  const direct = [...new Set(dimensions.filter(named).map(([, value]) => value))]
  const paths = direct.map(climb)
  const resolved = new Set(paths.flat())
  const keys = Object.values(types).flatMap((type) => (type.archived ? [] : type.keys))
  return {
    paths: paths.map((path) => path.map(nodeOf)),
    budgets: company.budgets
      .filter(({ entity }) => !isArchived(entity))
      .filter(({ entity, scope = [] }) => [entity, ...scope].every((id) => resolved.has(id)))
      .filter(({ capability = 'tokens' }) => capabilities.includes(capability))
      .map(budgetOf),
    unresolved: dimensions
      .filter((dimension) => !named(dimension) && keys.includes(dimension[0]))
      .map(([key]) => key),
  }
}

export const budgetOf = (budget: CompanyBudget): Budget => ({
  assignmentKey: budgetName(budget),
  revision: 1,
  entityKey: budget.entity,
  entityId: budget.entity,
  capabilityKey: budget.capability ?? 'tokens',
  scopeEntityIds: [...(budget.scope ?? [])].sort(),
  usageLimit: budget.limit === null ? null : wholeUnits(budget.limit),
  cadence: budget.cadence ?? 'P1M',
  isLevel: false,
  createdAt: budget.createdAt ?? 0,
})

/** Creates counters as the store has them: sums of postings by name. */
export function createCounters() {
  const sums = new Map<string, Quantity>()
  return {
    sums,
    add: (postings: readonly Posting[]) => {
      for (const posting of postings) {
        const name = counterName(posting, posting.window)
        sums.set(name, (sums.get(name) ?? 0n) + posting.delta)
      }
    },
  }
}
