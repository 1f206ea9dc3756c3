import type { App } from '../../src/app.ts'
import { RANK_BUDGETS } from '../../src/budgets/index.ts'
import { rankBudgets } from '../../src/budgets/ranking/index.ts'
import type { Scope } from '../../src/kernel/scope.ts'

/** A pause after a pass is longer than one between two steps. */
const LONG_MS = 1000

/** Ranks the budgets of an environment, until a pass is complete. */
export async function rankAll(app: App, scope: Scope): Promise<void> {
  const now = app.clock.now()
  const work = { scope, workKey: 'none', customerKey: scope.environmentKey, kind: RANK_BUDGETS }
  const due = { ...work, subject: '', dueAt: now, attempts: 0 }
  for (let next = now; next !== null && next < now + LONG_MS; )
    next = (await app.db.transaction((tx) => rankBudgets(tx, due, now, app))) ?? Infinity
}
