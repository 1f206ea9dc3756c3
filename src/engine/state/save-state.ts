import type { App } from '../../app.ts'
import {
  addUnattributed,
  counterName,
  type Firing,
  forgetFired,
  hold,
  post,
  saveFired,
  usageExceededToWire,
} from '../../budgets/index.ts'
import type { Tx } from '../../db/index.ts'
import { type Announcement, announce } from '../../events/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import { saveDecided, saveNames } from '../../metering/dedup/index.ts'
import type { KeptTotal, MeteredOf } from '../../metering/index.ts'
import { addRecords } from '../../metering/records/index.ts'
import { saveReservations } from '../../metering/reservations/index.ts'
import { saveMarks, saveTotals } from '../../metering/totals/index.ts'
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
  const isInForce = (firing: Firing) =>
    state.fired.get(counterName(firing, firing.window))?.includes(firing.threshold) === true
  const announcing = Map.groupBy(state.exceeded, ({ origin }) => origin)
  await Promise.all([
    addRecords(tx, scope, state.records),
    saveNames(tx, scope, [...state.names.changes.values()]),
    saveDecided(tx, scope, [...state.decisions.changes.values()]),
    saveReservations(tx, scope, [...state.reservations.changes.values()]),
    saveTotals(tx, scope, totalsChanged(state)),
    saveMarks(tx, scope, [...state.marks.changes.values()]),
    post(
      tx,
      [...state.postings.changes.values()].map((posting) => ({ ...posting, scope })),
    ),
    hold(
      tx,
      [...state.heldPostings.changes.values()].map((posting) => ({ ...posting, scope })),
    ),
    addUnattributed(tx, scope, [...state.unattributed.changes.values()]),
    forgetFired(tx, state.rearmed),
    saveFired(
      tx,
      state.exceeded.flatMap((each) => firingsOf(scope, each)).filter(isInForce),
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

/** The totals of what was counted or held, but for windows in which nothing has occurred. */
function totalsChanged({
  totals,
  records,
  reservations,
}: State): (MeteredOf & { total: KeptTotal })[] {
  const counted = records.flatMap(({ customerKey, resourceKey, measured }) =>
    measured.map(({ featureKey }) => ({ customerKey, featureKey, resourceKey })),
  )
  const held = [...reservations.changes.values()]
  const ofHeld = new Set(held.map(nameOfMetered))
  const metered = new Map<string, MeteredOf>(
    [...counted, ...held].map((each) => [nameOfMetered(each), each]),
  )
  return [...metered].flatMap(([name, own]) =>
    (totals.get(name) ?? [])
      .filter(({ tally }) => tally.count > 0n || ofHeld.has(name))
      .map((total) => ({ ...own, total })),
  )
}
