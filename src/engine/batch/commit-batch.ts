import { scheduleCounterPurge } from '../../budgets/index.ts'
import { holdFeaturesByKey } from '../../catalog/features/index.ts'
import { catalogVersion } from '../../catalog/index.ts'
import { lockVersions } from '../../customers/index.ts'
import type { Tx } from '../../db/index.ts'
import { ApiError } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { schedulePurge } from '../../metering/retention/index.ts'
import type { Cache } from '../cache/index.ts'
import { validateConsumption } from '../consume/index.ts'
import { validateEvents, validateReports } from '../record/index.ts'
import { validateReservationStep } from '../reservations/index.ts'
import { loadState, type State, saveState } from '../state/index.ts'
import type { ValidatedRecord } from '../types.ts'
import type { Outcome } from './batch-queue.ts'
import { type CommitProbe, isCommitted, probeOf } from './commit-probe.ts'
import { type BatchAnswer, executeBatch, type ValidatedRequest } from './execute-batch.ts'
import { type BatchContext, type ContextReaders, loadContext } from './load-context.ts'
import { type EngineRequest, itemsOf } from './request.ts'

/** What groups are committed with. */
export type BatchCaches = ContextReaders & {
  /** Environments whose usage is known to be trimmed. */
  trimmed: Cache<true>
}

/**
 * Decides and counts the requests of one environment's group in one transaction, which begins with
 * the lock of all their customers. Three round trips where everything is remembered: what has
 * changed, what has been counted, and the writes with the COMMIT.
 */
export async function commitBatch(
  committing: BatchCaches,
  scope: Scope,
  group: readonly EngineRequest[],
): Promise<readonly Outcome<BatchAnswer>[]> {
  const customerKeys = [
    ...new Set(group.flatMap((work) => itemsOf(work).map(({ customerKey }) => customerKey))),
  ]
  const { app, trimmed } = committing
  // Of the last run; null when it wrote nothing, so that nothing can be lost.
  let marker: CommitProbe | null = null
  const work = async (tx: Tx) => {
    const { state, outcomes } = await decide(committing, tx, { scope, group, customerKeys })
    marker = probeOf(state)
    await Promise.all([
      saveState(tx, { app, scope }, state),
      ...(trimmed.get(scope.environmentKey)
        ? []
        : [schedulePurge(tx, app, scope), scheduleCounterPurge(tx, app, scope)]),
    ])
    return outcomes
  }
  const isDurable = async (tx: Tx) => {
    if (marker === null) return true
    // Whoever has the lock knows that the lost transaction has ended.
    await lockVersions(tx, scope, { customerKeys, now: app.clock.now() })
    return isCommitted(tx, app.clock, marker)
  }
  const outcomes = await app.db.transaction(work, { isDurable })
  trimmed.set(scope.environmentKey, true)
  return outcomes
}

type BatchInput = { scope: Scope; group: readonly EngineRequest[]; customerKeys: readonly Uuid[] }

/**
 * Decides a group. A meter may change until something is counted by it: features of which nothing
 * proves that anything was are held from here on, and all is decided anew if the catalog has
 * changed before.
 */
async function decide(committing: BatchCaches, tx: Tx, { scope, group, customerKeys }: BatchInput) {
  const { app } = committing
  for (;;) {
    const known = await loadContext(committing, tx, { scope, group, customerKeys })
    const requests = group.map((request) => prepared(request, known))
    const state = await loadState(
      tx,
      { scope, clock: app.clock },
      { ...known, ...recordsOf(requests) },
    )
    const outcomes = executeBatch(state, requests, (now) => app.ids.next(now))
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
function prepared(work: EngineRequest, known: BatchContext): ValidatedRequest | ApiError {
  try {
    switch (work.kind) {
      case 'reports': {
        const records = validateReports(work.items, known, work.origin)
        return { kind: 'records', records, asksUsage: true }
      }
      case 'events': {
        const records = validateEvents(work.items, known, work.origin)
        return { kind: 'records', records, asksUsage: false }
      }
      case 'use':
        return validateConsumption(work.item, known, work.origin)
      case 'settling':
        return validateReservationStep(work.item, known, work.origin)
    }
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

function recordsOf(requests: readonly (ValidatedRequest | ApiError)[]): {
  records: ValidatedRecord[]
  deciding: ValidatedRecord[]
  shown: ValidatedRecord[]
} {
  const records: ValidatedRecord[] = []
  const deciding: ValidatedRecord[] = []
  const shown: ValidatedRecord[] = []
  for (const request of requests) {
    if (request instanceof ApiError || request.kind === 'denial') continue
    if (request.kind === 'records') records.push(...request.records)
    else deciding.push(request.record)
    if (request.kind === 'settling') shown.push(request.shown)
  }
  return { records, deciding, shown }
}
