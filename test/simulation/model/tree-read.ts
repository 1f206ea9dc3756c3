import type { Instant } from '../../../src/kernel/clock.ts'
import type { Quantity } from '../../../src/kernel/quantity.ts'
import type { Budget, Customer, State } from './state.ts'
import { compare } from './tree.ts'
import { budgetUsage, budgetWindow, shown } from './usage.ts'
import type { Window } from './windows.ts'

/** A budget as the tree shows it, with the usage of the window in progress. */
export type Row = { budget: Budget; parentId: string | null; usage: Quantity; window: Window }

/** Returns the budgets of features of a customer's active entities, ordered by entity and scope. */
export function budgetRows(state: State, customerId: string, now: Instant): Row[] {
  const customer = state.customers.get(customerId)
  if (customer === undefined) return []
  const isShown = (budget: Budget) =>
    budget.capability.kind === 'feature' &&
    customer.entities.get(budget.entityId)?.archived === false
  return customer.budgets
    .filter(isShown)
    .map((budget) => rowOf(customer, budget, now))
    .sort((a, b) => compare(nameOf(a.budget), nameOf(b.budget)))
}

export const nameOf = ({ entityId, capability, scope }: Omit<Budget, 'limit'>): string =>
  JSON.stringify([entityId, capability.id, ...scope])

function rowOf(customer: Customer, budget: Budget, now: Instant): Row {
  const window = budgetWindow(budget, now)
  const parentId = customer.entities.get(budget.entityId)?.parentId ?? null
  return { budget, parentId, usage: shown(budgetUsage(customer, budget, window)), window }
}
