import type { Tx } from '../../db/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { type DedupKeyOf, findDecisions, findDedupRecords } from '../../metering/dedup/index.ts'
import { dedupKeyOfUse } from '../consume/index.ts'
import { dedupKeyOfEvent } from '../record/index.ts'
import { dedupName, type Earlier, type FirstAnswer } from '../state/index.ts'
import type { ConsumptionInput, EventInput, SubjectKeys } from '../types.ts'
import type { EngineRequest } from './request.ts'

/**
 * Returns the earlier decisions and records that have the deduplication keys of these consumptions
 * and events. The versions of their customers must be locked. The lock may be in a statement that
 * was sent just before this one. The key of a report also depends on its feature, so it is looked
 * up later.
 */
export async function findEarlier(
  tx: Tx,
  clock: Clock,
  requests: readonly EngineRequest[],
): Promise<Earlier> {
  const uses = distinct(
    requests.flatMap((request) => (request.kind === 'consumption' ? keysOfUse(request.item) : [])),
  )
  const events = distinct(
    requests.flatMap((request) =>
      request.kind === 'events' ? request.items.flatMap(keysOfEvent) : [],
    ),
  )
  const now = clock.now()
  const [decisions, records] = await Promise.all([
    findDecisions<FirstAnswer>(
      tx,
      clock,
      [...uses.values()].map((key) => ({ ...key, now })),
    ),
    findDedupRecords(
      tx,
      clock,
      [...events.values()].map((key) => ({ ...key, now })),
    ),
  ])
  return {
    decisions: byName(uses, decisions),
    records: byName(events, records),
    isComplete: false,
  }
}

const distinct = (keys: readonly DedupKeyOf[]): Map<string, DedupKeyOf> =>
  new Map(keys.map((key) => [dedupName(key), key]))

/** null for a key that was not used before. */
const byName = <V>(
  keys: ReadonlyMap<string, DedupKeyOf>,
  found: readonly (V | null)[],
): Map<string, V | null> =>
  new Map([...keys.keys()].map((name, index) => [name, found[index] ?? null]))

function keysOfUse(use: ConsumptionInput & SubjectKeys): DedupKeyOf[] {
  const { customerKey, resourceKey } = use
  return resourceKey === null ? [] : [{ customerKey, name: dedupKeyOfUse(use, resourceKey) }]
}

function keysOfEvent(event: EventInput & SubjectKeys): DedupKeyOf[] {
  const { customerKey, resourceKey } = event
  return resourceKey === null ? [] : [{ customerKey, name: dedupKeyOfEvent(event, resourceKey) }]
}
