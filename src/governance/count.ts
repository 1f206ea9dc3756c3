import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import { countsFrom, windowOf } from './cadence.ts'
import type { Budget, Resolution } from './types.ts'

/** What a record adds to one counter of a budget. */
export type Posting = {
  assignmentKey: Uuid
  revision: number
  window: Window
  delta: Quantity
}

/** Usage by the name of its counter (`counterName`), signed. What is missing is 0. */
export type Counters = ReadonlyMap<string, Quantity>

/** The name of a budget's counter in a window. */
export const counterName = (
  { assignmentKey, revision }: Pick<Budget, 'assignmentKey' | 'revision'>,
  window: Pick<Window, 'start'>,
): string => `${assignmentKey} ${revision} ${window.start}`

/**
 * What a record of a capability adds to the budgets that its dimensions lead to: its amount, once
 * to each, in the window that it occurred in. Nothing where that window had passed when the budget
 * was created.
 */
export function postingsOf(
  resolution: Pick<Resolution, 'budgets'>,
  record: { capabilityKey: Uuid; amount: Quantity; occurredAt: Instant },
): Posting[] {
  return resolution.budgets
    .filter((budget) => budget.capabilityKey === record.capabilityKey)
    .filter((budget) => record.occurredAt >= countsFrom(budget))
    .map((budget) => ({
      assignmentKey: budget.assignmentKey,
      revision: budget.revision,
      window: windowOf(budget, record.occurredAt),
      delta: record.amount,
    }))
}
