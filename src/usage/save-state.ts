import type { Tx } from '../db/index.ts'
import type { Scope } from '../kernel/scope.ts'
import {
  addRecords,
  type KeptTotal,
  type MeteredOf,
  saveMarks,
  saveNames,
  saveTotals,
} from '../metering/index.ts'
import { nameOfMetered, type State } from './state.ts'

/** Writes what a group has counted: as many statements for any number of records. */
export async function saveState(tx: Tx, scope: Scope, state: State): Promise<void> {
  await Promise.all([
    addRecords(tx, scope, state.records),
    saveNames(tx, scope, [...state.names.changes.values()]),
    saveTotals(tx, scope, totalsCounted(state)),
    saveMarks(tx, scope, [...state.marks.changes.values()]),
  ])
}

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
