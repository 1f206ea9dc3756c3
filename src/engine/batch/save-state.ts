import type { App } from '../../app.ts'
import type { Tx } from '../../db/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import {
  addDecisions,
  addDedupKeys,
  saveDecisions,
  saveDedupKeys,
} from '../../metering/dedup/index.ts'
import { addRecords } from '../../metering/records/index.ts'
import { saveReservations } from '../../metering/reservations/index.ts'
import type { State } from '../state/index.ts'

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
  await Promise.all([
    addRecords(tx, scope, state.records),
    (areKeysNew ? addDedupKeys : saveDedupKeys)(tx, scope, [
      ...state.dedupEntries.changes.values(),
    ]),
    (areKeysNew ? addDecisions : saveDecisions)(tx, scope, [
      ...state.decisionEntries.changes.values(),
    ]),
    saveReservations(tx, scope, [...state.reservations.changes.values()]),
    ...state.parts.map((part) => part.save(tx, { app, scope })),
  ])
}
