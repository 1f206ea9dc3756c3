import { scheduleTrimmingCounters } from '../../budgets/index.ts'
import { holdFeaturesByKey } from '../../catalog/features/index.ts'
import { catalogVersion } from '../../catalog/index.ts'
import { lockHeads } from '../../customers/index.ts'
import type { Tx } from '../../db/index.ts'
import { Refusal } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { scheduleTrimming } from '../../metering/retention/index.ts'
import type { Memory } from '../cache/index.ts'
import { prepareUse } from '../consume/index.ts'
import { prepareEvents, prepareReports } from '../record/index.ts'
import { prepareSettling } from '../reservations/index.ts'
import { loadState, type State, saveState } from '../state/index.ts'
import type { Prepared } from '../types.ts'
import type { Outcome } from './batch-queue.ts'
import { hasMarker, type Marker, markerOf } from './commit-probe.ts'
import { decideGroup, type GroupAnswer, type PreparedRequest } from './execute-batch.ts'
import { type KnownOfGroup, type Reading, readKnown } from './load-context.ts'
import { itemsOf, type Work } from './request.ts'

/** What groups are committed with. */
export type Committing = Reading & {
  /** Environments whose usage is known to be trimmed. */
  trimmed: Memory<true>
}

/**
 * Decides and counts the requests of one environment's group in one transaction, which begins with
 * the lock of all their customers. Three round trips where everything is remembered: what has
 * changed, what has been counted, and the writes with the COMMIT.
 */
export async function commitGroup(
  committing: Committing,
  scope: Scope,
  group: readonly Work[],
): Promise<readonly Outcome<GroupAnswer>[]> {
  const customerKeys = [
    ...new Set(group.flatMap((work) => itemsOf(work).map(({ customerKey }) => customerKey))),
  ]
  const { app, trimmed } = committing
  // Of the last run; null when it wrote nothing, so that nothing can be lost.
  let marker: Marker | null = null
  const work = async (tx: Tx) => {
    const { state, outcomes } = await decide(committing, tx, { scope, group, customerKeys })
    marker = markerOf(state)
    await Promise.all([
      saveState(tx, { app, scope }, state),
      ...(trimmed.get(scope.environmentKey)
        ? []
        : [scheduleTrimming(tx, app, scope), scheduleTrimmingCounters(tx, app, scope)]),
    ])
    return outcomes
  }
  const isDurable = async (tx: Tx) => {
    if (marker === null) return true
    // Whoever has the lock knows that the lost transaction has ended.
    await lockHeads(tx, scope, { customerKeys, now: app.clock.now() })
    return hasMarker(tx, app.clock, marker)
  }
  const outcomes = await app.db.transaction(work, { isDurable })
  trimmed.set(scope.environmentKey, true)
  return outcomes
}

type Deciding = { scope: Scope; group: readonly Work[]; customerKeys: readonly Uuid[] }

/**
 * Decides a group. A meter may change until something is counted by it: features of which nothing
 * proves that anything was are held from here on, and all is decided anew if the catalog has
 * changed before.
 */
async function decide(committing: Committing, tx: Tx, { scope, group, customerKeys }: Deciding) {
  const { app } = committing
  for (;;) {
    const known = await readKnown(committing, tx, { scope, group, customerKeys })
    const requests = group.map((request) => prepared(request, known))
    const state = await loadState(
      tx,
      { scope, clock: app.clock },
      { ...known, ...recordsOf(requests) },
    )
    const outcomes = decideGroup(state, requests, (now) => app.ids.next(now))
    const first = featuresCounted(state).filter((key) => !state.counted.has(key))
    if (first.length === 0) return { state, outcomes }
    const [, version] = await Promise.all([holdFeaturesByKey(tx, first), catalogVersion(tx, scope)])
    if (version === known.catalogVersion) return { state, outcomes }
  }
}

/** The features of what a group has counted and holds, each once. */
const featuresCounted = ({ records, reservations }: State): Uuid[] => [
  ...new Set([
    ...records.flatMap(({ measured }) => measured.map(({ featureKey }) => featureKey)),
    ...[...reservations.changes.values()].map(({ featureKey }) => featureKey),
  ]),
]

/** A request that is good to be decided; or why it is refused. */
function prepared(work: Work, known: KnownOfGroup): PreparedRequest | Refusal {
  try {
    switch (work.kind) {
      case 'reports': {
        const records = prepareReports(work.items, known, work.origin)
        return { kind: 'records', records, asksUsage: true }
      }
      case 'events': {
        const records = prepareEvents(work.items, known, work.origin)
        return { kind: 'records', records, asksUsage: false }
      }
      case 'use':
        return prepareUse(work.item, known, work.origin)
      case 'settling':
        return prepareSettling(work.item, known, work.origin)
    }
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

function recordsOf(requests: readonly (PreparedRequest | Refusal)[]): {
  records: Prepared[]
  deciding: Prepared[]
  shown: Prepared[]
} {
  const records: Prepared[] = []
  const deciding: Prepared[] = []
  const shown: Prepared[] = []
  for (const request of requests) {
    if (request instanceof Refusal || request.kind === 'denial') continue
    if (request.kind === 'records') records.push(...request.records)
    else deciding.push(request.record)
    if (request.kind === 'settling') shown.push(request.shown)
  }
  return { records, deciding, shown }
}
