import { findUnknownDimensions, type UnknownDimensions } from '../../access/index.ts'
import type { App } from '../../app.ts'
import { findBudgets, readThresholds, type Threshold } from '../../budgets/index.ts'
import { catalogVersion } from '../../catalog/index.ts'
import {
  archivedAmong,
  type CustomerVersion,
  countResources,
  environmentVersion,
  lockVersions,
  StaleKey,
} from '../../customers/index.ts'
import type { Tx } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { type CustomerMeterSubject, NO_RESOURCE, type Reservation } from '../../metering/index.ts'
import { findReservations } from '../../metering/reservations/index.ts'
import type {
  Attributable,
  Catalog,
  ReadCatalog,
  ReadHoldings,
  ReadPast,
  ReadResolutions,
} from '../cache/index.ts'
import type { ValidationContext } from '../record/index.ts'
import {
  attributableOf,
  freeExpired,
  type KnownReservations,
  unknownReservation,
} from '../reservations/index.ts'
import { nameOfReservation } from '../state/index.ts'
import type { SubjectKeys } from '../types.ts'
import { type EngineRequest, itemsOf } from './request.ts'

/** What is remembered between groups. */
export type ContextReaders = {
  app: App
  readCatalog: ReadCatalog
  readHoldings: ReadHoldings
  readPast: ReadPast
  readResolutions: ReadResolutions
}

/** What a group is prepared by, and what it is about to settle. */
export type BatchContext = ValidationContext &
  KnownReservations & {
    /** Of the catalog that its features are of. */
    catalogVersion: Uuid
    reservations: readonly Reservation[]
    thresholds: readonly Threshold[]
    /** Until when windows of a customer may have been trimmed. */
    closedUntilOf(customerKey: Uuid): Instant
  }

/**
 * Locks the customers of a group, and reads what their requests are prepared by. What has expired
 * is then held no longer, of the customers for whom something is decided. `StaleKey` where a
 * customer or a resource is not there.
 */
export async function loadContext(
  { app, readCatalog, readHoldings, readPast, readResolutions }: ContextReaders,
  tx: Tx,
  asked: { scope: Scope; group: readonly EngineRequest[]; customerKeys: readonly Uuid[] },
): Promise<BatchContext> {
  const { scope, group, customerKeys } = asked
  const now = app.clock.now()
  const settling = group.flatMap((work) => (work.kind === 'settling' ? [work.item] : []))
  const locking = lockVersions(tx, scope, { customerKeys, now })
  const reading = Promise.all([
    archivedAmong(tx, customerKeys),
    catalogVersion(tx, scope),
    environmentVersion(tx, scope),
    readThresholds(tx, scope),
    findReservations(tx, settling),
    freeExpired(tx, scope, decidedFor(group)),
    unknownDimensionsFor(tx, scope, group),
    proveResources(tx, group),
  ])
  // All of it was sent together. Where the lock has failed, only that says why.
  reading.catch(ignore)
  const heads = await locking
  const [archived, version, shared, thresholds, reservations, , unknownDimensions] = await reading
  const features = {
    featureIds: featureIdsOf(group),
    featureKeys: reservations.map(({ featureKey }) => featureKey),
  }
  const catalog = await readCatalog(tx, scope, { version, ...features })
  const attributables = attributablesOf(group, catalog)
  const metered = [...attributables.flatMap(meteredBy), ...reservations]
  const [holdingOf, resolutionOf, budgets] = await Promise.all([
    readHoldings(tx, metered, heads),
    readResolutions(tx, scope, {
      attributables: [...attributables, ...reservations.map(attributableOf)],
      ...{ heads, environmentVersion: shared, now },
    }),
    findBudgets(tx, reservations.flatMap(budgetsHeld)),
  ])
  const heldThenOf = await readPast(tx, datedBy(group, catalog), holdingOf)
  const headOf = (customerKey: Uuid): CustomerVersion =>
    required(heads.get(customerKey), 'a locked head')
  const byName = new Map(reservations.map((each) => [nameOfReservation(each), each]))
  return {
    nowOf: (customerKey) => headOf(customerKey).now,
    closedUntilOf: (customerKey) => headOf(customerKey).closedUntil,
    isArchived: (customerKey) => archived.has(customerKey),
    featureWithId: catalog.withId,
    featureWithKey: catalog.withKey,
    meteredBy: catalog.meteredBy,
    holdingOf,
    heldThenOf,
    resolutionOf,
    unknownDimensions,
    reservationOf: (customerKey, key) => {
      const found = byName.get(nameOfReservation({ customerKey, key }))
      if (found === undefined) throw unknownReservation(key)
      return found
    },
    budgetsOf: ({ customerKey }) => budgets.filter((each) => each.customerKey === customerKey),
    catalogVersion: version,
    reservations,
    thresholds,
  }
}

/** Nothing that is written leads to a resource, as heads do to their customers. */
async function proveResources(tx: Tx, group: readonly EngineRequest[]): Promise<void> {
  const asked = new Map<string, { customerKey: Uuid; resourceKey: Uuid }>()
  for (const work of group)
    if (work.kind !== 'settling')
      for (const { customerKey, resourceKey } of itemsOf(work))
        if (resourceKey !== null && resourceKey !== NO_RESOURCE)
          asked.set(`${customerKey} ${resourceKey}`, { customerKey, resourceKey })
  if (asked.size === 0) return
  if ((await countResources(tx, [...asked.values()])) < asked.size) throw new StaleKey()
}

const ignore = () => {}

/** The customers for whom something is decided by what is held. */
const decidedFor = (group: readonly EngineRequest[]): Uuid[] => [
  ...new Set(
    group.flatMap((work) =>
      work.kind === 'use' || work.kind === 'settling' ? [work.item.customerKey] : [],
    ),
  ),
]

/** Read only where dimensions have a say. */
const unknownDimensionsFor = async (
  tx: Tx,
  scope: Scope,
  group: readonly EngineRequest[],
): Promise<UnknownDimensions> =>
  group.some((work) => work.kind === 'use' && work.item.asksBudgets)
    ? findUnknownDimensions(tx, scope)
    : 'ignore'

const budgetsHeld = ({ customerKey, attribution }: Reservation) =>
  (attribution?.postings ?? []).map(({ assignmentKey }) => ({ customerKey, assignmentKey }))

const featureIdsOf = (group: readonly EngineRequest[]): string[] => [
  ...new Set(
    group.flatMap((work) => {
      if (work.kind === 'reports') return work.items.map(({ featureId }) => featureId)
      return work.kind === 'use' ? [work.item.featureId] : []
    }),
  ),
]

type AttributableRecord = Attributable & { resourceKey: Uuid }

/** The items of a group, with the features that they may count for, as far as names tell. */
const attributablesOf = (group: readonly EngineRequest[], catalog: Catalog): AttributableRecord[] =>
  group.flatMap((work) => {
    if (work.kind === 'settling') return []
    if (work.kind === 'events')
      return work.items.flatMap((item) => addressed(item, catalog.meteredBy(item.eventName)))
    return itemsOf(work).flatMap((item) => {
      const feature = catalog.withId(item.featureId)
      return addressed(item, feature === null ? [] : [feature])
    })
  })

/** The reports of a group, and the uses that are only recorded, which say when they were. */
const datedBy = (
  group: readonly EngineRequest[],
  catalog: Catalog,
): (CustomerMeterSubject & { at: Instant })[] =>
  group.flatMap((work) => {
    if (work.kind !== 'reports' && work.kind !== 'use') return []
    return itemsOf(work).flatMap((item) => {
      const feature = catalog.withId(item.featureId)
      const { customerKey, resourceKey, statedAt } = item
      if ('purpose' in item && item.purpose.kind !== 'record') return []
      if (feature === null || resourceKey === null || statedAt === null) return []
      return [{ customerKey, resourceKey, featureKey: feature.key, at: statedAt }]
    })
  })

const addressed = (
  { customerKey, resourceKey, dimensions }: SubjectKeys & Pick<Attributable, 'dimensions'>,
  features: readonly { key: Uuid }[],
): AttributableRecord[] =>
  resourceKey === null
    ? []
    : [{ customerKey, resourceKey, dimensions, featureKeys: features.map(({ key }) => key) }]

const meteredBy = ({
  customerKey,
  resourceKey,
  featureKeys,
}: AttributableRecord): CustomerMeterSubject[] =>
  featureKeys.map((featureKey) => ({ customerKey, resourceKey, featureKey }))
