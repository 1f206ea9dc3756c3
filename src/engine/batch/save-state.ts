import type { App } from '../../app.ts'
import {
  addUnattributed,
  changeCounters,
  counterName,
  deleteCrossed,
  saveCrossed,
  type ThresholdCrossing,
  usageExceededToWire,
} from '../../budgets/index.ts'
import type { Tx } from '../../db/index.ts'
import { type Event, publish } from '../../events/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import {
  addDecisions,
  addDedupKeys,
  saveDecisions,
  saveDedupKeys,
} from '../../metering/dedup/index.ts'
import type { CustomerMeterSubject, WindowTotal } from '../../metering/index.ts'
import { addRecords } from '../../metering/records/index.ts'
import { saveReservations } from '../../metering/reservations/index.ts'
import { saveDistinctValues, saveTotals } from '../../metering/totals/index.ts'
import { type CrossingEvent, type State, subjectName } from '../state/index.ts'

/**
 * Writes the changes of a batch. The number of statements does not depend on the number of records.
 * But each request that crosses thresholds publishes its events with a statement of its own. With
 * `areKeysNew`, a deduplication key that exists fails the statement instead of being replaced.
 */
export async function saveState(
  tx: Tx,
  { app, scope, areKeysNew }: { app: App; scope: Scope; areKeysNew: boolean },
  state: State,
): Promise<void> {
  const isStillCrossed = ({ threshold, window, ...budget }: ThresholdCrossing) =>
    state.crossed.get(counterName(budget, window))?.includes(threshold) === true
  const crossings = state.crossings.flatMap((each) => crossingsOf(scope, each))
  const byOrigin = Map.groupBy(state.crossings, ({ origin }) => origin)
  await Promise.all([
    addRecords(tx, scope, state.records),
    (areKeysNew ? addDedupKeys : saveDedupKeys)(tx, scope, [
      ...state.dedupEntries.changes.values(),
    ]),
    (areKeysNew ? addDecisions : saveDecisions)(tx, scope, [
      ...state.decisionEntries.changes.values(),
    ]),
    saveReservations(tx, scope, [...state.reservations.changes.values()]),
    saveTotals(tx, scope, changedTotals(state)),
    saveDistinctValues(tx, scope, [...state.distinctValues.changes.values()]),
    changeCounters(tx, scope, [...state.counterChanges.changes.values()]),
    addUnattributed(tx, scope, [...state.unattributed.changes.values()]),
    deleteCrossed(tx, state.resets),
    saveCrossed(tx, crossings.filter(isStillCrossed), app.clock.now()),
    ...[...byOrigin].map(([origin, exceeded]) =>
      publish(
        tx,
        { app, scope, origin, now: Math.max(...exceeded.map(({ now }) => now)) },
        exceeded.map(usageExceededEvent),
      ),
    ),
  ])
}

const crossingsOf = (
  scope: Scope,
  { budget, thresholds, ...exceeded }: CrossingEvent,
): ThresholdCrossing[] =>
  thresholds.map((threshold) => ({ ...exceeded, ...budget, ...scope, threshold }))

const usageExceededEvent = ({
  customerKey,
  budget,
  feature,
  ...reached
}: CrossingEvent): Event => ({
  type: 'entity.entitlement.usage_exceeded',
  customerKey,
  objectId: budget.assignmentKey,
  before: null,
  after: usageExceededToWire(budget, reached, { kind: 'feature', id: feature.id }),
})

/**
 * Returns the changed totals of a batch. Totals without records are left out, unless a hold of the
 * same feature and resource changed.
 */
function changedTotals({
  totals,
  storedTotals,
  records,
  reservations,
}: State): (CustomerMeterSubject & { total: WindowTotal })[] {
  const counted = records.flatMap(({ customerKey, resourceKey, measured }) =>
    measured.map(({ featureKey }) => ({ customerKey, featureKey, resourceKey })),
  )
  const held = [...reservations.changes.values()]
  const heldNames = new Set(held.map(subjectName))
  const subjects = new Map<string, CustomerMeterSubject>(
    [...counted, ...held].map((each) => [subjectName(each), each]),
  )
  return [...subjects].flatMap(([name, subject]) =>
    (totals.get(name) ?? [])
      .filter((total) => !storedTotals.has(total))
      .filter(({ tally }) => tally.count > 0n || heldNames.has(name))
      .map((total) => ({ ...subject, total })),
  )
}
