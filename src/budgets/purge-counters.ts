import { allGone, type Purge } from '../jobs/index.ts'
import { closedKeptMs } from '../metering/retention/index.ts'
import { deleteClosedCounters, noteEnds } from './closed-store.ts'

const DAY_MS = 86_400_000

/** Deletes counters of windows that ended before the retention. */
export const counterPurge: Purge = {
  kind: 'budgets.trim',
  everyMs: DAY_MS,
  async runStep(tx, scope, now, app) {
    const noted = await noteEnds(tx, scope)
    return [allGone(noted), await deleteClosedCounters(tx, scope, now - closedKeptMs(app))]
  },
}
