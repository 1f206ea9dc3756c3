import type { App } from '../../app.ts'
import { findBudgets, type Resolution, type Threshold } from '../../budgets/index.ts'
import type { CustomerVersion } from '../../customers/index.ts'
import type { Tx } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { CustomerMeterSubject, Reservation } from '../../metering/index.ts'
import {
  type Attributable,
  type BatchUsage,
  type Catalog,
  type EngineMemory,
  type ReadCatalog,
  type ReadEntitlements,
  type ReadPastEntitlements,
  type ReadResolutions,
  usageOfBatch,
} from '../cache/index.ts'
import type { ValidationContext } from '../record/index.ts'
import {
  attributableOf,
  type ReservationContext,
  unknownReservation,
} from '../reservations/index.ts'
import { type Earlier, reservationName } from '../state/index.ts'
import type { SubjectKeys } from '../types.ts'
import type { Batch, BatchBasis } from './basis.ts'
import { type EngineRequest, itemsOf } from './request.ts'

/** Readers that cache data from one batch to the next. */
export type ContextReaders = {
  app: App
  memory: Pick<EngineMemory, 'customers' | 'batches'>
  readCatalog: ReadCatalog
  readEntitlements: ReadEntitlements
  readPastEntitlements: ReadPastEntitlements
  readResolutions: ReadResolutions
}

/** The data with which the requests of a batch are validated. */
export type BatchContext = ValidationContext &
  ReservationContext & {
    /** The catalog version of the features. */
    catalogVersion: Uuid
    reservations: readonly Reservation[]
    thresholds: readonly Threshold[]
    /** Counters of a customer's windows that ended by this instant may have been purged. */
    closedUntilOf(customerKey: Uuid): Instant
    earlier: Earlier
    /** The cached usage of the customers. */
    usage: BatchUsage
  }

/**
 * Reads the data with which the requests of a batch are validated. What is cached is not read.
 */
export async function loadContext(
  readers: ContextReaders,
  tx: Tx,
  { scope, requests }: Batch,
  basis: BatchBasis,
): Promise<BatchContext> {
  const { versions, environment, archived, thresholds, reservations, earlier } = basis
  const { catalogVersion, environmentVersion, unknownDimensions } = environment
  const usage = usageOfBatch(readers.memory, versions, basis)
  for (const customerKey of basis.expired) usage.drop(customerKey)
  const catalog = await readers.readCatalog(tx, scope, {
    version: catalogVersion,
    featureIds: featureIdsOf(requests),
    featureKeys: reservations.map(({ featureKey }) => featureKey),
  })
  const items = requests.flatMap((request) => attributableItems(request, catalog))
  const at = { environmentVersion, now: basis.now }
  const [entitlementOf, resolutionOf, budgets] = await Promise.all([
    readers.readEntitlements(tx, [...items.flatMap(subjectsOf), ...reservations], versions),
    resolveItems(readers, tx, { scope, items, reservations, versions, ...at }),
    findBudgets(tx, reservations.flatMap(budgetsHeldIn)),
  ])
  const pastSubjects = pastSubjectsOf(requests, catalog)
  const pastEntitlementOf = await readers.readPastEntitlements(tx, pastSubjects, entitlementOf)
  const versionOf = (customerKey: Uuid): CustomerVersion =>
    required(versions.get(customerKey), 'the version of a customer of a batch')
  const byName = new Map(reservations.map((each) => [reservationName(each), each]))
  return {
    nowOf: (customerKey) => versionOf(customerKey).now,
    closedUntilOf: (customerKey) => versionOf(customerKey).closedUntil,
    isArchived: (customerKey) => archived.has(customerKey),
    featureWithId: catalog.withId,
    featureWithKey: catalog.withKey,
    meteredBy: catalog.meteredBy,
    entitlementOf,
    pastEntitlementOf,
    resolutionOf,
    unknownDimensions,
    reservationOf: (customerKey, key) => {
      const found = byName.get(reservationName({ customerKey, key }))
      if (found === undefined) throw unknownReservation(key)
      return found
    },
    budgetsOf: ({ customerKey }) => budgets.filter((each) => each.customerKey === customerKey),
    catalogVersion,
    reservations,
    thresholds,
    earlier,
    usage,
  }
}

const budgetsHeldIn = ({ customerKey, attribution }: Reservation) =>
  (attribution?.postings ?? []).map(({ assignmentKey }) => ({ customerKey, assignmentKey }))

const featureIdsOf = (requests: readonly EngineRequest[]): string[] => [
  ...new Set(
    requests.flatMap((request) => {
      if (request.kind === 'reports') return request.items.map(({ featureId }) => featureId)
      return request.kind === 'consumption' ? [request.item.featureId] : []
    }),
  ),
]

type AttributableItem = Attributable & { item: SubjectKeys; resourceKey: Uuid }

/**
 * Returns the items of a request whose resource exists, with the features that each may count for.
 */
function attributableItems(request: EngineRequest, catalog: Catalog): AttributableItem[] {
  if (request.kind === 'reservation') return []
  if (request.kind === 'events')
    return request.items.flatMap((item) => attributable(item, catalog.meteredBy(item.eventName)))
  return itemsOf(request).flatMap((item) => {
    const feature = catalog.withId(item.featureId)
    return attributable(item, feature === null ? [] : [feature])
  })
}

const attributable = (
  item: SubjectKeys & Pick<Attributable, 'dimensions'>,
  features: readonly { key: Uuid }[],
): AttributableItem[] => {
  const { customerKey, resourceKey, dimensions } = item
  if (resourceKey === null) return []
  return [{ item, customerKey, resourceKey, dimensions, featureKeys: features.map(keyOf) }]
}

const keyOf = ({ key }: { key: Uuid }): Uuid => key

const subjectsOf = (item: AttributableItem): CustomerMeterSubject[] =>
  item.featureKeys.map((featureKey) => ({
    customerKey: item.customerKey,
    resourceKey: item.resourceKey,
    featureKey,
  }))

/** Resolves the dimensions of all items and reservations, each once. */
async function resolveItems(
  { readResolutions }: ContextReaders,
  tx: Tx,
  query: {
    scope: Scope
    items: readonly AttributableItem[]
    reservations: readonly Reservation[]
    versions: ReadonlyMap<Uuid, CustomerVersion>
    environmentVersion: Uuid
    now: Instant
  },
): Promise<(item: SubjectKeys) => Resolution | null> {
  const { scope, items, reservations, versions: customerVersions, ...shared } = query
  const attributables = [...items, ...reservations.map(attributableOf)]
  const resolutions = await readResolutions(tx, scope, {
    attributables,
    customerVersions,
    ...shared,
  })
  const resolved: SubjectKeys[] = [...items.map(({ item }) => item), ...reservations]
  const byItem = new Map(resolved.map((item, index) => [item, resolutions[index] ?? null]))
  return (item) => byItem.get(item) ?? null
}

/**
 * Returns the subjects and instants of those reports, and of those consumptions in mode `record`,
 * that have a timestamp. Such usage may count by a past entitlement.
 */
const pastSubjectsOf = (
  requests: readonly EngineRequest[],
  catalog: Catalog,
): (CustomerMeterSubject & { at: Instant })[] =>
  requests.flatMap((request) => {
    if (request.kind !== 'reports' && request.kind !== 'consumption') return []
    return itemsOf(request).flatMap((item) => {
      const feature = catalog.withId(item.featureId)
      const { customerKey, resourceKey, timestamp } = item
      if ('mode' in item && item.mode.kind !== 'record') return []
      if (feature === null || resourceKey === null || timestamp === null) return []
      return [{ customerKey, resourceKey, featureKey: feature.key, at: timestamp }]
    })
  })
