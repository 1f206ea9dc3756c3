import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { type Firing, post, saveFired, usageExceededToWire } from '../governance/index.ts'
import { type Announcement, announce } from '../jobs/index.ts'
import type { Scope } from '../kernel/scope.ts'
import {
  addRecords,
  type KeptTotal,
  type MeteredOf,
  saveMarks,
  saveNames,
  saveTotals,
} from '../metering/index.ts'
import { type Exceeded, nameOfMetered, type State } from './state.ts'

/**
 * Writes what a group has counted: as many statements for any number of records, and one more for
 * each request that made thresholds of budgets fire.
 */
export async function saveState(
  tx: Tx,
  { app, scope }: { app: App; scope: Scope },
  state: State,
): Promise<void> {
  const announcing = Map.groupBy(state.exceeded, ({ origin }) => origin)
  await Promise.all([
    addRecords(tx, scope, state.records),
    saveNames(tx, scope, [...state.names.changes.values()]),
    saveTotals(tx, scope, totalsCounted(state)),
    saveMarks(tx, scope, [...state.marks.changes.values()]),
    post(
      tx,
      [...state.postings.changes.values()].map((posting) => ({ ...posting, scope })),
    ),
    saveFired(
      tx,
      state.exceeded.flatMap((each) => firingsOf(scope, each)),
      app.clock.now(),
    ),
    ...[...announcing].map(([origin, exceeded]) =>
      announce(
        tx,
        { app, scope, origin, now: Math.max(...exceeded.map(({ now }) => now)) },
        exceeded.map(announcementOf),
      ),
    ),
  ])
}

const firingsOf = (scope: Scope, { budget, thresholds, ...exceeded }: Exceeded): Firing[] =>
  thresholds.map((threshold) => ({ ...exceeded, ...budget, ...scope, threshold }))

const announcementOf = ({ customerKey, budget, feature, ...reached }: Exceeded): Announcement => ({
  type: 'entity.entitlement.usage_exceeded',
  customerKey,
  objectId: budget.assignmentKey,
  before: null,
  after: usageExceededToWire(budget, reached, { kind: 'feature', id: feature.id }),
})

/** The totals of what was counted, but for windows in which nothing has occurred. */
function totalsCounted({ totals, records }: State): (MeteredOf & { total: KeptTotal })[] {
  const metered = new Map<string, MeteredOf>()
  for (const { customerKey, resourceKey, measured } of records)
    for (const { featureKey } of measured) {
      const own = { customerKey, featureKey, resourceKey }
      metered.set(nameOfMetered(own), own)
    }
  return [...metered].flatMap(([name, own]) =>
    (totals.get(name) ?? [])
      .filter(({ tally }) => tally.count > 0n)
      .map((total) => ({ ...own, total })),
  )
}
