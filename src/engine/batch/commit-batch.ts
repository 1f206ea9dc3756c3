import { counterPurge } from '../../budgets/index.ts'
import { holdFeaturesByKey } from '../../catalog/features/index.ts'
import { catalogVersion } from '../../catalog/index.ts'
import { lockVersions } from '../../customers/index.ts'
import { isDuplicate, isStaleState, type Tx } from '../../db/index.ts'
import { schedulePurge } from '../../jobs/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { ApiError } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { reaches } from '../../kernel/sequences.ts'
import { usagePurge } from '../../metering/retention/index.ts'
import type { BatchUsage, Cache, EngineMemory } from '../cache/index.ts'
import {
  type ConsumptionAnswer,
  decideConsumption,
  deny,
  validateConsumption,
} from '../consume/index.ts'
import { validateEvents, validateReports } from '../record/index.ts'
import {
  applyReservationStep,
  type ReservationAnswer,
  validateReservationStep,
} from '../reservations/index.ts'
import {
  commitSavepoint,
  dedupKeysOf,
  dedupName,
  type LoadedState,
  loadState,
  postOnce,
  postReport,
  type State,
  type StateQuery,
  savepoint,
} from '../state/index.ts'
import type { ReportResult, ValidatedRecord } from '../types.ts'
import { type Batch, type BatchBasis, foundOf, lockBasis } from './basis.ts'
import type { Outcome } from './batch-queue.ts'
import { type CommitProbe, isCommitted, probeOf } from './commit-probe.ts'
import { type BatchContext, type ContextReaders, loadContext } from './load-context.ts'
import type { BatchRecall } from './recall-basis.ts'
import { customersOf, type EngineRequest } from './request.ts'
import { saveState } from './save-state.ts'
import { collectingTx, NotInMemory, writeAtOnce } from './write-at-once.ts'

export type BatchAnswer =
  | { kind: 'reports'; results: readonly ReportResult[] }
  | { kind: 'events' }
  | { kind: 'consumption'; answer: ConsumptionAnswer }
  | { kind: 'reservation'; answer: ReservationAnswer }

/** A decided batch: what is to be written, and the answers that are right once it is. */
type DecidedBatch = {
  basis: BatchBasis
  loaded: LoadedState
  /** The records of its requests, whether they are counted or not. */
  records: readonly ValidatedRecord[]
  usage: BatchUsage
  outcomes: readonly Outcome<BatchAnswer>[]
}

export type BatchCaches = ContextReaders & {
  memory: Pick<EngineMemory, 'commits'>
  recall: BatchRecall
  /** Environments that already have a scheduled purge of old usage. */
  purged: Cache<true>
}

/**
 * Decides and counts the requests of a batch in one transaction. If memory has everything that the
 * batch depends on, that takes one round trip; otherwise two or three. If the response to COMMIT is
 * lost, a probe finds out whether the batch was committed. If not, it is decided again.
 */
export async function commitBatch(
  caches: BatchCaches,
  scope: Scope,
  requests: readonly EngineRequest[],
): Promise<readonly Outcome<BatchAnswer>[]> {
  const customerKeys = [...new Set(requests.flatMap(customersOf))]
  const batch = { scope, requests, customerKeys }
  const outcomes = (await commitAtOnce(caches, batch)) ?? (await commitLocked(caches, batch))
  caches.purged.set(scope.environmentKey, true)
  return outcomes
}

/**
 * Decides a batch on what is in memory, and writes it with one statement that compares versions.
 * Returns null if that is not possible. Nothing was written then.
 */
async function commitAtOnce(
  caches: BatchCaches,
  batch: Batch,
): Promise<readonly Outcome<BatchAnswer>[] | null> {
  const { app, recall } = caches
  const { scope, requests } = batch
  if (!caches.purged.get(scope.environmentKey)) return null
  const basis = recall.basisOf(batch, app.clock.now())
  if (basis === null || !isNewEnough(basis, requests)) return null
  const { tx, statements: writes } = collectingTx()
  const decided = await decideBatch(caches, tx, { batch, basisOf: () => basis }).catch(
    nullIf((error) => error instanceof NotInMemory),
  )
  if (decided === null) return null
  const { state } = decided.loaded
  const keys = dedupKeysOf(decided.records)
  const probe = probeOf(state)
  const needsLocks = state.parts.some((part) => part.needsLocks())
  if (probe === null || needsLocks || recall.hasRepetition(keys)) return null
  await saveState(tx, { app, scope, areKeysNew: true }, state)
  const unstoredKeys = keys.filter((key) => !isStored(state, dedupName(key)))
  const isDurable = wasCommitted(caches, batch, () => probe)
  const written = await app.db
    .write(writeAtOnce(batch, basis, { writes, unstoredKeys }), { isDurable })
    .then(() => true)
    .catch(nullIf((error) => isStaleState(error) || isDuplicate(error)))
  if (written === null) {
    caches.memory.commits.stale += 1
    recall.noteStale(batch)
    return null
  }
  cacheUsageAfter(caches, batch, { decided, atOnce: true })
  return decided.outcomes
}

/** Locks the customers of a batch, and decides it on what is current under these locks. */
async function commitLocked(
  caches: BatchCaches,
  batch: Batch,
): Promise<readonly Outcome<BatchAnswer>[]> {
  const { app, purged } = caches
  const { scope } = batch
  let state: State | null = null
  const work = async (tx: Tx) => {
    const basisOf = () => lockBasis(tx, app.clock, batch)
    const decided = await decideBatch(caches, tx, { batch, basisOf })
    state = decided.loaded.state
    await Promise.all([
      saveState(tx, { app, scope, areKeysNew: false }, state),
      ...(purged.get(scope.environmentKey)
        ? []
        : [usagePurge, counterPurge].map((purge) => schedulePurge(tx, app, purge, scope))),
    ])
    return decided
  }
  const isDurable = wasCommitted(caches, batch, () => state && probeOf(state))
  const decided = await app.db.transaction(work, { isDurable })
  cacheUsageAfter(caches, batch, { decided, atOnce: false })
  return decided.outcomes
}

/**
 * Returns the function that finds out after a lost response whether a batch was committed, for the
 * option `isDurable` of `db`. `probeOf` returns the probe of the last attempt.
 */
const wasCommitted =
  ({ app }: BatchCaches, { scope, customerKeys }: Batch, probeOf: () => CommitProbe | null) =>
  async (tx: Tx): Promise<boolean> => {
    const probe = probeOf()
    if (probe === null) return true
    // Waits until the transaction with the lost response has ended. It also renews the versions, so
    // that a statement that is still on its way fails.
    await lockVersions(tx, scope, { customerKeys, now: app.clock.now() })
    return isCommitted(tx, app.clock, probe)
  }

function cacheUsageAfter(
  { recall, memory }: BatchCaches,
  batch: Batch,
  { decided, atOnce }: { decided: DecidedBatch; atOnce: boolean },
): void {
  memory.commits[atOnce ? 'atOnce' : 'locked'] += 1
  const { parts, reservations } = decided.loaded.state
  const after = decided.usage.update({
    cache: (customers) => {
      for (const part of parts) part.cache(customers)
    },
    reserving: new Set([...reservations.changes.values()].map(({ customerKey }) => customerKey)),
  })
  batch.requests.forEach((request, index) => {
    const isAnswered = 'answer' in (decided.outcomes[index] ?? {})
    if (request.state === undefined || !isAnswered) return
    for (const customerKey of customersOf(request))
      request.state.note(required(after.get(customerKey), 'the state of a customer after a batch'))
  })
  recall.noteCommitted(batch, { ...decided, atOnce })
}

const nullIf =
  (is: (error: unknown) => boolean) =>
  (error: unknown): null => {
    if (is(error)) return null
    throw error
  }

/**
 * Decides a batch in memory. The meter of a feature can change until usage of it has been counted.
 * So the first usage of a feature locks the feature. If the catalog changed before that lock, the
 * batch is decided again, on another basis.
 */
async function decideBatch(
  readers: ContextReaders,
  tx: Tx,
  { batch, basisOf }: { batch: Batch; basisOf: () => BatchBasis | Promise<BatchBasis> },
): Promise<DecidedBatch> {
  const { clock, ids } = readers.app
  const { scope } = batch
  for (;;) {
    const basis = await basisOf()
    requireStates(basis, batch.requests)
    const context = await loadContext(readers, tx, batch, basis)
    const plans = batch.requests.map((request) => planRequest(request, context))
    const query = queryOf(plans)
    const loaded = await loadState(tx, clock, { scope, ...context, ...query })
    const { state } = loaded
    const outcomes = plans.map((plan) => executePlan(state, plan, (now) => ids.next(now)))
    const records = [...query.records, ...query.decisions.map(({ record }) => record)]
    const decided = { basis, loaded, records, usage: context.usage, outcomes }
    const isUsed = (key: Uuid) => state.parts.some((part) => part.isUsed(key))
    const firstUsed = featuresOf(state).filter((key) => !isUsed(key))
    if (firstUsed.length === 0) return decided
    const locking = holdFeaturesByKey(tx, firstUsed)
    const [, version] = await Promise.all([locking, catalogVersion(tx, scope)])
    if (version === context.catalogVersion) return decided
  }
}

type NextKey = (now: Instant) => Uuid

/** A validated request: the state that it needs, and the decision on that state. */
type RequestPlan = {
  query: Partial<Pick<StateQuery, 'records' | 'decisions'>>
  execute: (draft: State, nextKey: NextKey) => BatchAnswer
}

/** Returns whether no caller has seen a newer state than the basis. */
const isNewEnough = (basis: BatchBasis, requests: readonly EngineRequest[]): boolean =>
  requests.every((request) => {
    const atLeast = request.state?.atLeast ?? null
    return atLeast === null || foundOf(basis, request).every((found) => reaches(found, atLeast))
  })

/**
 * 503 for the whole batch if a caller has seen a newer state than the database has. The batch is
 * rolled back and tried again, request by request: even a lock would raise a sequence, so that the
 * database would seem to reach the state that it has lost.
 */
function requireStates(basis: BatchBasis, requests: readonly EngineRequest[]): void {
  for (const request of requests)
    if (request.state?.atLeast)
      for (const found of foundOf(basis, request)) request.state.require(found)
}

/** Validates a request. Returns the error of a request that is refused. */
function planRequest(request: EngineRequest, context: BatchContext): RequestPlan | ApiError {
  try {
    return validate(request, context)
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

function validate(request: EngineRequest, context: BatchContext): RequestPlan {
  const { kind, origin } = request
  switch (kind) {
    case 'reports': {
      const records = validateReports(request.items, context, origin)
      const execute: RequestPlan['execute'] = (draft, nextKey) => ({
        kind,
        results: records.map((each) => postReport(draft, each, () => nextKey(each.acceptedAt))),
      })
      return { query: { records }, execute }
    }
    case 'events': {
      const records = validateEvents(request.items, context, origin)
      const execute: RequestPlan['execute'] = (draft, nextKey) => {
        for (const each of records) postOnce(draft, each, () => nextKey(each.acceptedAt))
        return { kind }
      }
      return { query: { records }, execute }
    }
    case 'consumption': {
      const validated = validateConsumption(request.item, context, origin)
      if (validated.kind === 'denial')
        return { query: {}, execute: () => ({ kind, answer: deny(validated) }) }
      const { record } = validated
      const execute: RequestPlan['execute'] = (draft, nextKey) => ({
        kind,
        answer: decideConsumption(draft, validated, () => nextKey(record.acceptedAt)),
      })
      return { query: { decisions: [validated] }, execute }
    }
    case 'reservation': {
      const validated = validateReservationStep(request.item, context, origin)
      const { record } = validated
      const execute: RequestPlan['execute'] = (draft, nextKey) => ({
        kind,
        answer: applyReservationStep(draft, validated, () => nextKey(record.acceptedAt)),
      })
      return { query: { decisions: [validated] }, execute }
    }
  }
}

function queryOf(plans: readonly (RequestPlan | ApiError)[]) {
  const queries = plans.flatMap((plan) => (plan instanceof ApiError ? [] : [plan.query]))
  return {
    records: queries.flatMap(({ records = [] }) => records),
    decisions: queries.flatMap(({ decisions = [] }) => decisions),
  }
}

/** Executes a request on a savepoint, on top of the requests before it. */
function executePlan(
  state: State,
  plan: RequestPlan | ApiError,
  nextKey: NextKey,
): Outcome<BatchAnswer> {
  if (plan instanceof ApiError) return { refusal: plan }
  const draft = savepoint(state)
  try {
    const answer = plan.execute(draft, nextKey)
    commitSavepoint(draft, state)
    return { answer }
  } catch (error) {
    if (error instanceof ApiError) return { refusal: error }
    throw error
  }
}

/** Returns whether a batch stores a deduplication key. */
const isStored = ({ dedupEntries, decisionEntries }: State, name: string): boolean =>
  dedupEntries.changes.has(name) || decisionEntries.changes.has(name)

/** The features for which a batch has counted or held usage, without duplicates. */
const featuresOf = ({ records, reservations }: State): Uuid[] => [
  ...new Set([
    ...records.flatMap(({ measured }) => measured.map(({ featureKey }) => featureKey)),
    ...[...reservations.changes.values()].map(({ featureKey }) => featureKey),
  ]),
]
