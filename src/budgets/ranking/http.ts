import type { BudgetRow } from '../../api.gen.ts'
import { instantToWire } from '../../kernel/clock.ts'
import { inQuery } from '../../kernel/field.ts'
import { quantityFromWire } from '../../kernel/quantity.ts'
import type { Handlers } from '../../operation.ts'
import { standingToWire } from '../standings/index.ts'
import { capabilityToWire } from '../wire.ts'
import { listRanked, type RankedBudget } from './queries.ts'

export const rankedBudgetHandlers: Handlers<'v1.budgets.list'> = {
  'v1.budgets.list': async ({ query }, call) => {
    const { minUtilization } = query
    const page = await listRanked(call, {
      sortBy: query.sortBy,
      customerId: query.customerId ?? null,
      featureIds: query.featureIds ?? [],
      currencyIds: query.currencyIds ?? [],
      typeIds: query.entityTypeIds ?? null,
      minUtilization:
        minUtilization === undefined
          ? null
          : quantityFromWire(minUtilization, inQuery('minUtilization')),
      exhaustsWithinDays: query.exhaustsWithinDays ?? null,
      after: query.after ?? null,
      limit: query.limit,
    })
    return {
      data: page.rows.map(budgetToWire),
      pagination: { next: page.next },
      rankedAt: page.rankedAt === null ? null : instantToWire(page.rankedAt),
      asOf: instantToWire(page.asOf),
    }
  },
}

const budgetToWire = ({
  customer,
  entityTypeId,
  standing,
  capability,
}: RankedBudget): BudgetRow => ({
  customerId: customer.id,
  customerName: customer.name,
  entityId: standing.budget.entityId,
  entityTypeId,
  displayName: standing.budget.displayName,
  ...capabilityToWire(capability.kind, capability.id),
  ...standingToWire(standing),
})
