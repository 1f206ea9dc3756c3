import type { BudgetStanding } from '../../api.gen.ts'
import { instantToWire } from '../../kernel/clock.ts'
import { quantityToWire } from '../../kernel/quantity.ts'
import { orNull, windowToWire } from '../wire.ts'
import type { Standing } from './standing.ts'

export const standingToWire = ({
  budget,
  window,
  pace,
  ...standing
}: Standing): BudgetStanding => ({
  id: budget.assignmentKey,
  scopeEntityIds: [...budget.scopeEntityIds],
  usageLimit: orNull(budget.usageLimit),
  currentUsage: quantityToWire(standing.currentUsage),
  holds: quantityToWire(standing.holds),
  remaining: orNull(standing.remaining),
  utilization: orNull(standing.utilization),
  cadence: budget.cadence,
  ...windowToWire(window),
  pace:
    pace === null
      ? null
      : {
          usage: quantityToWire(pace.usage),
          from: instantToWire(pace.from),
          until: instantToWire(pace.until),
        },
  exhaustsAt: standing.exhaustsAt === null ? null : instantToWire(standing.exhaustsAt),
})
