import type { App } from '../app.ts'
import { catalogVersion } from '../catalog/index.ts'
import { archivedAmong } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import { Refusal } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import {
  type Head,
  hasRecord,
  lockHeads,
  type MeteredOf,
  type UsageRecord,
} from '../metering/index.ts'
import { decideGroup, type PreparedRequest } from './decide-group.ts'
import type { Outcome } from './group-queue.ts'
import { loadState } from './load-state.ts'
import { type Known, prepareEvents, prepareReports, type Wording } from './prepare-records.ts'
import type { Catalog, ReadCatalog } from './remember-catalog.ts'
import type { ReadHoldings } from './remember-held.ts'
import { saveState } from './save-state.ts'
import type { Address, EventInput, Reported, ReportInput } from './types.ts'

/** What a request wants to have counted. */
export type Work =
  | { kind: 'reports'; items: readonly (ReportInput & Address)[]; wording: Wording }
  | { kind: 'events'; items: readonly (EventInput & Address)[] }

/** What groups are committed with. */
export type Committing = { app: App; readCatalog: ReadCatalog; readHoldings: ReadHoldings }

/**
 * Counts the requests of one environment's group in one transaction, which begins with the lock of
 * all their customers. Three round trips where everything is remembered: what has changed, what has
 * been counted, and the writes with the COMMIT.
 */
export function commitGroup(
  committing: Committing,
  scope: Scope,
  group: readonly Work[],
): Promise<readonly Outcome<readonly Reported[]>[]> {
  const customerKeys = [
    ...new Set(group.flatMap(({ items }) => items.map(({ customerKey }) => customerKey))),
  ]
  const { app } = committing
  // Of the last run; null when it wrote nothing, so that nothing can be lost.
  let marker: UsageRecord | null = null
  const work = async (tx: Tx) => {
    const known = await readKnown(committing, tx, { scope, group, customerKeys })
    const requests = group.map((request) => prepared(request, known))
    const records = requests.flatMap((request) =>
      request instanceof Refusal ? [] : request.records,
    )
    const state = await loadState(tx, scope, records)
    const outcomes = decideGroup(state, requests, ({ acceptedAt }) => app.ids.next(acceptedAt))
    marker = state.records[0] ?? null
    await saveState(tx, scope, state)
    return outcomes
  }
  const isDurable = async (tx: Tx) => {
    if (marker === null) return true
    // Whoever has the lock knows that the lost transaction has ended.
    await lockHeads(tx, scope, { customerKeys, now: app.clock.now() })
    return hasRecord(tx, marker)
  }
  return app.db.transaction(work, { isDurable })
}

/** Locks the customers of a group, and reads what their requests are prepared by. */
async function readKnown(
  { app, readCatalog, readHoldings }: Committing,
  tx: Tx,
  asked: { scope: Scope; group: readonly Work[]; customerKeys: readonly Uuid[] },
): Promise<Known> {
  const { scope, group, customerKeys } = asked
  const now = app.clock.now()
  const [heads, archived, version] = await Promise.all([
    lockHeads(tx, scope, { customerKeys, now }),
    archivedAmong(tx, customerKeys),
    catalogVersion(tx, scope),
  ])
  const catalog = await readCatalog(tx, scope, { version, featureIds: featureIdsOf(group) })
  const holdingOf = await readHoldings(tx, meteredBy(group, catalog), heads)
  const headOf = (customerKey: Uuid): Head => required(heads.get(customerKey), 'a locked head')
  return {
    nowOf: (customerKey) => headOf(customerKey).now,
    isArchived: (customerKey) => archived.has(customerKey),
    featureWithId: catalog.withId,
    meteredBy: catalog.meteredBy,
    holdingOf,
  }
}

const featureIdsOf = (group: readonly Work[]): string[] => [
  ...new Set(
    group.flatMap((work) =>
      work.kind === 'reports' ? work.items.map(({ featureId }) => featureId) : [],
    ),
  ),
]

/** What the items of a group may count for, as far as their features and names tell. */
const meteredBy = (group: readonly Work[], catalog: Catalog): MeteredOf[] =>
  group.flatMap((work) => {
    const ofItem = (item: Address, features: readonly { key: Uuid }[]) => {
      const { customerKey, resourceKey } = item
      if (resourceKey === null) return []
      return features.map(({ key }) => ({ customerKey, resourceKey, featureKey: key }))
    }
    if (work.kind === 'events')
      return work.items.flatMap((item) => ofItem(item, catalog.meteredBy(item.eventName)))
    return work.items.flatMap((item) => {
      const feature = catalog.withId(item.featureId)
      return ofItem(item, feature === null ? [] : [feature])
    })
  })

function prepared(work: Work, known: Known): PreparedRequest {
  try {
    return work.kind === 'reports'
      ? { records: prepareReports(work.items, known, work.wording), asksUsage: true }
      : { records: prepareEvents(work.items, known), asksUsage: false }
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}
