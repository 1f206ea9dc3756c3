import type { Reader, Tx } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Comparison } from '../metering/rebuild/index.ts'
import { type CadenceChange, findCadenceChanges } from './budget-store.ts'
import { dropLostAttributions } from './orphaned-store.ts'
import { carryOf } from './postings.ts'
import { type CounterDifference, comparePart, type Part, rewritePart } from './rebuild-store.ts'

/** Changes of cadence at a time: the windows that each took over are held in memory. */
const CHANGES = 1000

/**
 * The counters of a customer that are not what its records make of them, the first `limit`. Reads
 * all of its records.
 */
export async function compareCounters(
  reader: Reader,
  customerKey: Uuid,
  limit: number,
): Promise<Comparison<CounterDifference>> {
  const differences: CounterDifference[] = []
  let count = 0
  for await (const part of partsOf(reader, customerKey)) {
    const found = await comparePart(reader, customerKey, { part, limit })
    differences.push(...found.differences.slice(0, limit - differences.length))
    count += found.count
  }
  return { differences, count }
}

/**
 * Makes all counters of a customer out of its records, once these lead to no budget and no entity
 * that is not there. The customer's head must be locked: what is posted meanwhile would be lost.
 */
export async function rebuildCounters(
  tx: Tx,
  owner: { scope: Scope; customerKey: Uuid },
): Promise<void> {
  await dropLostAttributions(tx, owner.customerKey)
  for await (const part of partsOf(tx, owner.customerKey)) await rewritePart(tx, owner, part)
}

async function* partsOf(reader: Reader, customerKey: Uuid): AsyncGenerator<Part> {
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
