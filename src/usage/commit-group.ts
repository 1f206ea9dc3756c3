import type { App } from '../app.ts'
import { catalogVersion } from '../catalog/index.ts'
import { archivedAmong } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import { readThresholds, type Threshold } from '../governance/index.ts'
import { required } from '../kernel/assert.ts'
import { Refusal } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import {
  environmentVersion,
  type Head,
  hasRecord,
  lockHeads,
  type MeteredOf,
  scheduleTrimming,
  type UsageRecord,
} from '../metering/index.ts'
import { decideGroup, type PreparedRequest } from './decide-group.ts'
import type { Outcome } from './group-queue.ts'
import { loadState } from './load-state.ts'
import type { Memory } from './memory.ts'
import { type Known, prepareEvents, prepareReports, type Sender } from './prepare-records.ts'
import type { Catalog, ReadCatalog } from './remember-catalog.ts'
import type { ReadHoldings } from './remember-held.ts'
import type { Attributable, ReadResolutions } from './remember-resolutions.ts'
import { saveState } from './save-state.ts'
import type { Address, EventInput, Reported, ReportInput } from './types.ts'

/** What a request wants to have counted. */
export type Work =
  | { kind: 'reports'; items: readonly (ReportInput & Address)[]; sender: Sender }
  | { kind: 'events'; items: readonly (EventInput & Address)[]; sender: Sender }

/** What groups are committed with. */
export type Committing = {
  app: App
  readCatalog: ReadCatalog
  readHoldings: ReadHoldings
  readResolutions: ReadResolutions
  /** Environments whose usage is known to be trimmed. */
  trimmed: Memory<true>
}

/**
 * Counts the requests of one environment's group in one transaction, which begins with the lock of
 * all their customers. Three round trips where everything is remembered: what has changed, what has
 * been counted, and the writes with the COMMIT.
 */
export async function commitGroup(
  committing: Committing,
  scope: Scope,
  group: readonly Work[],
): Promise<readonly Outcome<readonly Reported[]>[]> {
  const customerKeys = [
    ...new Set(group.flatMap(({ items }) => items.map(({ customerKey }) => customerKey))),
  ]
  const { app, trimmed } = committing
  // Of the last run; null when it wrote nothing, so that nothing can be lost.
  let marker: UsageRecord | null = null
  const work = async (tx: Tx) => {
    const known = await readKnown(committing, tx, { scope, group, customerKeys })
    const requests = group.map((request) => prepared(request, known))
    const records = requests.flatMap((request) =>
      request instanceof Refusal ? [] : request.records,
    )
    const state = await loadState(tx, scope, { records, thresholds: known.thresholds })
    const outcomes = decideGroup(state, requests, ({ acceptedAt }) => app.ids.next(acceptedAt))
    marker = state.records[0] ?? null
    await Promise.all([
      saveState(tx, { app, scope }, state),
      ...(trimmed.get(scope.environmentKey) ? [] : [scheduleTrimming(tx, app, scope)]),
    ])
    return outcomes
  }
  const isDurable = async (tx: Tx) => {
    if (marker === null) return true
    // Whoever has the lock knows that the lost transaction has ended.
    await lockHeads(tx, scope, { customerKeys, now: app.clock.now() })
    return hasRecord(tx, marker)
  }
  const outcomes = await app.db.transaction(work, { isDurable })
  trimmed.set(scope.environmentKey, true)
  return outcomes
}

/** Locks the customers of a group, and reads what their requests are prepared by. */
async function readKnown(
  { app, readCatalog, readHoldings, readResolutions }: Committing,
  tx: Tx,
  asked: { scope: Scope; group: readonly Work[]; customerKeys: readonly Uuid[] },
): Promise<Known & { thresholds: readonly Threshold[] }> {
  const { scope, group, customerKeys } = asked
  const now = app.clock.now()
  const [heads, archived, version, shared, thresholds] = await Promise.all([
    lockHeads(tx, scope, { customerKeys, now }),
    archivedAmong(tx, customerKeys),
    catalogVersion(tx, scope),
    environmentVersion(tx, scope),
    readThresholds(tx, scope),
  ])
  const catalog = await readCatalog(tx, scope, { version, featureIds: featureIdsOf(group) })
  const attributables = attributablesOf(group, catalog)
  const [holdingOf, resolutionOf] = await Promise.all([
    readHoldings(tx, attributables.flatMap(meteredBy), heads),
    readResolutions(tx, scope, { attributables, heads, environmentVersion: shared, now }),
  ])
  const headOf = (customerKey: Uuid): Head => required(heads.get(customerKey), 'a locked head')
  return {
    nowOf: (customerKey) => headOf(customerKey).now,
    isArchived: (customerKey) => archived.has(customerKey),
    featureWithId: catalog.withId,
    meteredBy: catalog.meteredBy,
    holdingOf,
    resolutionOf,
    thresholds,
  }
}

const featureIdsOf = (group: readonly Work[]): string[] => [
  ...new Set(
    group.flatMap((work) =>
      work.kind === 'reports' ? work.items.map(({ featureId }) => featureId) : [],
    ),
  ),
]

type Addressed = Attributable & { resourceKey: Uuid }

/** The items of a group, with the features that they may count for, as far as names tell. */
const attributablesOf = (group: readonly Work[], catalog: Catalog): Addressed[] =>
  group.flatMap((work) => {
    if (work.kind === 'events')
      return work.items.flatMap((item) => addressed(item, catalog.meteredBy(item.eventName)))
    return work.items.flatMap((item) => {
      const feature = catalog.withId(item.featureId)
      return addressed(item, feature === null ? [] : [feature])
    })
  })

const addressed = (
  { customerKey, resourceKey, dimensions }: Address & Pick<EventInput, 'dimensions'>,
  features: readonly { key: Uuid }[],
): Addressed[] =>
  resourceKey === null
    ? []
    : [{ customerKey, resourceKey, dimensions, featureKeys: features.map(({ key }) => key) }]

const meteredBy = ({ customerKey, resourceKey, featureKeys }: Addressed): MeteredOf[] =>
  featureKeys.map((featureKey) => ({ customerKey, resourceKey, featureKey }))

function prepared(work: Work, known: Known): PreparedRequest {
  try {
    return work.kind === 'reports'
      ? { records: prepareReports(work.items, known, work.sender), asksUsage: true }
      : { records: prepareEvents(work.items, known, work.sender), asksUsage: false }
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}
