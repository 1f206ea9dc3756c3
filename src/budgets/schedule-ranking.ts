import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { scheduleRecurring } from '../jobs/index.ts'
import type { Scope } from '../kernel/scope.ts'

export const RANK_BUDGETS = 'budgets.rank'

/** Schedules the ranking of an environment's budgets, unless it is already scheduled. */
export const scheduleRanking = (tx: Tx, app: App, scope: Scope): Promise<number> =>
  scheduleRecurring(tx, app, { scope, kind: RANK_BUDGETS, afterMs: 0 })
