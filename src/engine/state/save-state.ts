import type { App } from '../../app.ts'
import {
  addUnattributed,
  counterName,
  deleteCrossed,
  hold,
  post,
  saveCrossed,
  type ThresholdCrossing,
  usageExceededToWire,
} from '../../budgets/index.ts'
import type { Tx } from '../../db/index.ts'
import { type Event, publish } from '../../events/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import { saveDecisions, saveDedupKeys } from '../../metering/dedup/index.ts'
import type { CustomerMeterSubject, WindowTotal } from '../../metering/index.ts'
import { addRecords } from '../../metering/records/index.ts'
import { saveReservations } from '../../metering/reservations/index.ts'
import { saveDistinctValues, saveTotals } from '../../metering/totals/index.ts'
import { nameOfMetered, type State, type ThresholdEvent } from './state.ts'

/**
 * Writes what a group has counted: as many statements for any number of records, and one more for
 * each request that made thresholds of budgets fire.
 */
export async function saveState(
  tx: Tx,
  { app, scope }: { app: App; scope: Scope },
  state: State,
): Promise<void> {
  const isInForce = (firing: ThresholdCrossing) =>
    state.fired.get(counterName(firing, firing.window))?.includes(firing.threshold) === true
  const announcing = Map.groupBy(state.exceeded, ({ origin }) => origin)
  await Promise.all([
    addRecords(tx, scope, state.records),
    saveDedupKeys(tx, scope, [...state.names.changes.values()]),
    saveDecisions(tx, scope, [...state.decisions.changes.values()]),
    saveReservations(tx, scope, [...state.reservations.changes.values()]),
    saveTotals(tx, scope, totalsChanged(state)),
    saveDistinctValues(tx, scope, [...state.marks.changes.values()]),
    post(
      tx,
      [...state.postings.changes.values()].map((posting) => ({ ...posting, scope })),
    ),
    hold(
      tx,
      [...state.heldPostings.changes.values()].map((posting) => ({ ...posting, scope })),
    ),
    addUnattributed(tx, scope, [...state.unattributed.changes.values()]),
    deleteCrossed(tx, state.rearmed),
    saveCrossed(
      tx,
      state.exceeded.flatMap((each) => firingsOf(scope, each)).filter(isInForce),
      app.clock.now(),
    ),
    ...[...announcing].map(([origin, exceeded]) =>
      publish(
        tx,
        { app, scope, origin, now: Math.max(...exceeded.map(({ now }) => now)) },
        exceeded.map(announcementOf),
      ),
    ),
  ])
}

const firingsOf = (
  scope: Scope,
  { budget, thresholds, ...exceeded }: ThresholdEvent,
): ThresholdCrossing[] =>
  thresholds.map((threshold) => ({ ...exceeded, ...budget, ...scope, threshold }))

const announcementOf = ({ customerKey, budget, feature, ...reached }: ThresholdEvent): Event => ({
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
}: State): (CustomerMeterSubject & { total: WindowTotal })[] {
  const counted = records.flatMap(({ customerKey, resourceKey, measured }) =>
    measured.map(({ featureKey }) => ({ customerKey, featureKey, resourceKey })),
  )
  const held = [...reservations.changes.values()]
  const ofHeld = new Set(held.map(nameOfMetered))
  const metered = new Map<string, CustomerMeterSubject>(
    [...counted, ...held].map((each) => [nameOfMetered(each), each]),
  )
  return [...metered].flatMap(([name, own]) =>
    (totals.get(name) ?? [])
      .filter(({ tally }) => tally.count > 0n || ofHeld.has(name))
      .map((total) => ({ ...own, total })),
  )
}
