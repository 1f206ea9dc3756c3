import type { Reader, Tx } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Owner } from '../kernel/scope.ts'
import type { Comparison, ComparisonQuery } from '../metering/rebuild/index.ts'
import { type CadenceChange, findCadenceChanges } from './budget-store.ts'
import { dropOrphanedAttributions } from './orphaned-store.ts'
import { carryOf } from './postings.ts'
import {
  type CounterDifference,
  type CounterPart,
  comparePart,
  rewritePart,
} from './rebuild-store.ts'

/** How many changes of cadence one step handles. The windows that they took over are in memory. */
const CHANGES = 1000

/**
 * Returns the first `limit` counters of a customer that differ from its records. Reads all of its
 * records.
 */
export async function compareCounters(
  reader: Reader,
  query: ComparisonQuery,
): Promise<Comparison<CounterDifference>> {
  const { customerKey, limit } = query
  const differences: CounterDifference[] = []
  let count = 0
  for await (const part of partsOf(reader, customerKey)) {
    const found = await comparePart(reader, { ...query, part })
    differences.push(...found.differences.slice(0, limit - differences.length))
    count += found.count
  }
  return { differences, count }
}

/**
 * Rebuilds all counters of a customer from its records, after removing orphaned attributions. The
 * row of the customer's version must be locked; otherwise usage that is posted meanwhile would be
 * lost.
 */
export async function rebuildCounters(tx: Tx, owner: Owner): Promise<void> {
  await dropOrphanedAttributions(tx, owner.customerKey)
  for await (const part of partsOf(tx, owner.customerKey)) await rewritePart(tx, owner, part)
}

async function* partsOf(reader: Reader, customerKey: Uuid): AsyncGenerator<CounterPart> {
  yield null
  let after: CadenceChange | null = null
  do {
    const changes: CadenceChange[] = await findCadenceChanges(reader, customerKey, {
      after,
      limit: CHANGES,
    })
    if (changes.length > 0) yield changes.map((change) => carryOf(change, change.since))
    after = changes[CHANGES - 1] ?? null
  } while (after !== null)
}
