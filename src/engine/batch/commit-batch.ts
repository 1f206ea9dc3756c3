import type { App } from '../../app.ts'
import {
  addUnattributed,
  counterName,
  deleteCrossed,
  hold,
  post,
  saveCrossed,
  scheduleCounterPurge,
  type ThresholdCrossing,
  usageExceededToWire,
} from '../../budgets/index.ts'
import { holdFeaturesByKey } from '../../catalog/features/index.ts'
import { catalogVersion } from '../../catalog/index.ts'
import { lockVersions } from '../../customers/index.ts'
import type { Tx } from '../../db/index.ts'
import { type Event, publish } from '../../events/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { ApiError } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { saveDecisions, saveDedupKeys } from '../../metering/dedup/index.ts'
import type { CustomerMeterSubject, WindowTotal } from '../../metering/index.ts'
import { addRecords } from '../../metering/records/index.ts'
import { saveReservations } from '../../metering/reservations/index.ts'
import { schedulePurge } from '../../metering/retention/index.ts'
import { saveDistinctValues, saveTotals } from '../../metering/totals/index.ts'
import type { Cache } from '../cache/index.ts'
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
  type CrossingEvent,
  commitSavepoint,
  loadState,
  postOnce,
  postReport,
  type State,
  type StateQuery,
  savepoint,
  subjectName,
  usageAfter,
} from '../state/index.ts'
import type { ReportResult } from '../types.ts'
import type { Outcome } from './batch-queue.ts'
import { type CommitProbe, isCommitted, probeOf } from './commit-probe.ts'
import { type Batch, type BatchContext, type ContextReaders, loadContext } from './load-context.ts'
import { customersOf, type EngineRequest } from './request.ts'

export type BatchAnswer =
  | { kind: 'reports'; results: readonly ReportResult[] }
  | { kind: 'events' }
  | { kind: 'consumption'; answer: ConsumptionAnswer }
  | { kind: 'reservation'; answer: ReservationAnswer }

export type BatchCaches = ContextReaders & {
  /** Environments that already have a scheduled purge of old usage. */
  purged: Cache<true>
}

/**
 * Decides and counts the requests of a batch in one transaction. If everything except usage is
 * cached, this takes three round trips: one for locks and versions, one for usage, one for writes
 * and COMMIT. If usage is cached too, the second one is usually not needed (see `loadState`). If
 * the response to COMMIT is lost, a probe finds out whether the batch was committed. If it was not,
 * the batch is decided again.
 */
export async function commitBatch(
  caches: BatchCaches,
  scope: Scope,
  requests: readonly EngineRequest[],
): Promise<readonly Outcome<BatchAnswer>[]> {
  const { app, purged } = caches
  const customerKeys = [...new Set(requests.flatMap(customersOf))]
  // The probe of the last run of `work`; null if it wrote nothing.
  let probe: CommitProbe | null = null
  let keepUsage = () => {}
  const work = async (tx: Tx) => {
    const batch = { scope, requests, customerKeys }
    const { loaded, usage, outcomes } = await decideBatch(caches, tx, batch)
    probe = probeOf(loaded.state)
    keepUsage = () => usage.update(usageAfter(loaded))
    await Promise.all([
      saveState(tx, { app, scope }, loaded.state),
      ...(purged.get(scope.environmentKey)
        ? []
        : [schedulePurge(tx, app, scope), scheduleCounterPurge(tx, app, scope)]),
    ])
    return outcomes
  }
  const wasCommitted = async (tx: Tx) => {
    if (probe === null) return true
    // Waits until the transaction with the lost response has ended.
    await lockVersions(tx, scope, { customerKeys, now: app.clock.now() })
    return isCommitted(tx, app.clock, probe)
  }
  const outcomes = await app.db.transaction(work, { isDurable: wasCommitted })
  purged.set(scope.environmentKey, true)
  keepUsage()
  return outcomes
}

/**
 * Decides a batch in memory. The meter of a feature can change until usage of it has been counted.
 * So the first usage of a feature locks the feature. If the catalog changed before that lock, the
 * batch is decided again.
 */
async function decideBatch(caches: BatchCaches, tx: Tx, batch: Batch) {
  const { clock, ids } = caches.app
  const { scope } = batch
  for (;;) {
    const context = await loadContext(caches, tx, batch)
    const plans = batch.requests.map((request) => planRequest(request, context))
    const loaded = await loadState(tx, { scope, clock }, { ...context, ...queryOf(plans) })
    const { state } = loaded
    const outcomes = plans.map((plan) => executePlan(state, plan, (now) => ids.next(now)))
    const decided = { loaded, usage: context.usage, outcomes }
    const firstUsed = featuresOf(state).filter((key) => !state.usedFeatures.has(key))
    if (firstUsed.length === 0) return decided
    const locking = holdFeaturesByKey(tx, firstUsed)
    const [, version] = await Promise.all([locking, catalogVersion(tx, scope)])
    if (version === context.catalogVersion) return decided
  }
}

type NextKey = (now: Instant) => Uuid

/** A validated request: the state that it needs, and the decision on that state. */
type RequestPlan = {
  query: Partial<Pick<StateQuery, 'records' | 'decisions' | 'shownCounters'>>
  execute: (draft: State, nextKey: NextKey) => BatchAnswer
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
      return { query: { decisions: [record] }, execute }
    }
    case 'reservation': {
      const validated = validateReservationStep(request.item, context, origin)
      const { record, shownCounters } = validated
      const execute: RequestPlan['execute'] = (draft, nextKey) => ({
        kind,
        answer: applyReservationStep(draft, validated, () => nextKey(record.acceptedAt)),
      })
      return { query: { decisions: [record], shownCounters }, execute }
    }
  }
}

function queryOf(plans: readonly (RequestPlan | ApiError)[]) {
  const queries = plans.flatMap((plan) => (plan instanceof ApiError ? [] : [plan.query]))
  return {
    records: queries.flatMap(({ records = [] }) => records),
    decisions: queries.flatMap(({ decisions = [] }) => decisions),
    shownCounters: queries.flatMap(({ shownCounters = [] }) => shownCounters),
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

/** The features for which a batch has counted or held usage, without duplicates. */
const featuresOf = ({ records, reservations }: State): Uuid[] => [
  ...new Set([
    ...records.flatMap(({ measured }) => measured.map(({ featureKey }) => featureKey)),
    ...[...reservations.changes.values()].map(({ featureKey }) => featureKey),
  ]),
]

/**
 * Writes the changes of a batch. The number of statements does not depend on the number of records.
 * But each request that crosses thresholds publishes its events with a statement of its own.
 */
async function saveState(
  tx: Tx,
  { app, scope }: { app: App; scope: Scope },
  state: State,
): Promise<void> {
  const toPost = <T>({ changes }: { changes: ReadonlyMap<string, T> }) =>
    [...changes.values()].map((posting) => ({ ...posting, scope }))
  const isStillCrossed = ({ threshold, window, ...budget }: ThresholdCrossing) =>
    state.crossed.get(counterName(budget, window))?.includes(threshold) === true
  const crossings = state.crossings.flatMap((each) => crossingsOf(scope, each))
  const byOrigin = Map.groupBy(state.crossings, ({ origin }) => origin)
  await Promise.all([
    addRecords(tx, scope, state.records),
    saveDedupKeys(tx, scope, [...state.dedupEntries.changes.values()]),
    saveDecisions(tx, scope, [...state.decisionEntries.changes.values()]),
    saveReservations(tx, scope, [...state.reservations.changes.values()]),
    saveTotals(tx, scope, changedTotals(state)),
    saveDistinctValues(tx, scope, [...state.distinctValues.changes.values()]),
    post(tx, toPost(state.postings)),
    hold(tx, toPost(state.holdPostings)),
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
