import type { BudgetHistory as WireHistory } from '../../api.gen.ts'
import { instantFromWire, instantToWire } from '../../kernel/clock.ts'
import { type Quantity, quantityToWire } from '../../kernel/quantity.ts'
import type { Handlers } from '../../operation.ts'
import { assignmentToWire } from '../wire.ts'
import { type BudgetHistory, readBudgetHistory } from './queries.ts'
import { limitAt } from './trace-budget.ts'

export const budgetHistoryHandlers: Handlers<'v1.customers.budgets.retrieveHistory'> = {
  'v1.customers.budgets.retrieveHistory': async ({ params, query }, call) => {
    const history = await readBudgetHistory(call, {
      customerId: params.id,
      budgetId: params.budgetId,
      from: query.from === undefined ? null : instantFromWire(query.from),
      to: query.to === undefined ? null : instantFromWire(query.to),
    })
    return { data: historyToWire(history) }
  },
}

function historyToWire({ budget, trace, changes, inUnits, asOf }: BudgetHistory): WireHistory {
  const wire = assignmentToWire(budget, budget.capabilityId)
  const usageToWire = (usage: Quantity) => quantityToWire(inUnits(usage < 0n ? 0n : usage))
  return {
    budget: wire,
    windows: trace.windows.map(({ start, end, cadence, usage }) => ({
      start: instantToWire(start),
      end: instantToWire(end),
      cadence,
      usage: usageToWire(usage),
      usageLimit: limitAt(changes, Math.min(end - 1, asOf), wire.usageLimit),
    })),
    points: trace.points.map(({ at, usage, isResetPoint }) => ({
      timestamp: instantToWire(at),
      usage: usageToWire(usage),
      usageLimit: limitAt(changes, at, wire.usageLimit),
      isResetPoint,
    })),
    changes: changes
      .filter(({ usageLimit, cadence }) => usageLimit !== null || cadence !== null)
      .map(({ at, usageLimit, cadence }) => ({ at: instantToWire(at), usageLimit, cadence })),
    asOf: instantToWire(asOf),
  }
}
