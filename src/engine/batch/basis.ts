import { readThresholds, type Threshold } from '../../budgets/index.ts'
import {
  type CustomerVersion,
  countResources,
  lockVersions,
  type ResourceKey,
  StaleKey,
} from '../../customers/index.ts'
import type { Tx } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Clock, Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Sequences } from '../../kernel/sequences.ts'
import { machine } from '../../kernel/watched-clock.ts'
import { NO_RESOURCE, type Reservation } from '../../metering/index.ts'
import { findReservations } from '../../metering/reservations/index.ts'
import { type EnvironmentVersions, readVersions } from '../cache/index.ts'
import { expireReservations } from '../reservations/index.ts'
import type { Earlier } from '../state/index.ts'
import { findEarlier } from './find-earlier.ts'
import { customersOf, type EngineRequest, itemsOf } from './request.ts'

export type Batch = {
  scope: Scope
  requests: readonly EngineRequest[]
  customerKeys: readonly Uuid[]
}

/**
 * What a batch is decided on, besides the usage of its customers. It is either read under the locks
 * of the transaction, or taken from memory and compared by the statement that writes the batch.
 */
export type BatchBasis = {
  now: Instant
  /** When it was current at the earliest, on the monotonic clock. */
  at: number
  versions: ReadonlyMap<Uuid, CustomerVersion>
  environment: EnvironmentVersions
  archived: ReadonlySet<Uuid>
  thresholds: readonly Threshold[]
  /** Reservations that requests change. */
  reservations: readonly Reservation[]
  /** Customers with reservations whose expiry this transaction has recorded. */
  expired: ReadonlySet<Uuid>
  earlier: Earlier
}

/** Returns the state that a batch has found of the customers of a request. */
export const foundOf = (
  { versions, environment }: BatchBasis,
  request: EngineRequest,
): Sequences[] =>
  customersOf(request).map((customerKey) => ({
    // The batch itself raises the sequence by 1.
    customer: required(versions.get(customerKey), 'the version of a customer').sequence - 1,
    environment: environment.environmentSequence,
  }))

/**
 * Locks the customers of a batch, and reads what it depends on in the same round trip. If limits
 * decide about a customer, also stores which of its reservations have expired. Throws `StaleKey` if
 * a customer or a resource does not exist.
 */
export async function lockBasis(
  tx: Tx,
  clock: Clock,
  { scope, requests, customerKeys }: Batch,
): Promise<BatchBasis> {
  const now = clock.now()
  const at = machine.monotonic()
  const steps = requests.flatMap((request) =>
    request.kind === 'reservation' ? [request.item] : [],
  )
  const locking = lockVersions(tx, scope, { customerKeys, now })
  const reading = Promise.all([
    readVersions(
      tx,
      customerKeys.map((customerKey) => ({ ...scope, customerKey })),
    ),
    readThresholds(tx, scope),
    findReservations(tx, steps),
    expireReservations(tx, scope, decidedCustomers(requests)),
    findEarlier(tx, clock, requests),
    verifyResources(tx, requests),
  ])
  // All statements are sent together. If the lock fails, the others fail too, but only the error of
  // the lock gives the reason.
  reading.catch(ignore)
  const versions = await locking
  const [states, thresholds, reservations, expired, earlier] = await reading
  const [first] = states
  if (first === undefined || first === null) throw new StaleKey()
  const { catalogVersion, environmentVersion, environmentSequence, unknownDimensions } = first
  const environment = {
    ...{ catalogVersion, environmentVersion },
    ...{ environmentSequence, unknownDimensions },
  }
  const archived = new Set(customerKeys.filter((_, index) => states[index]?.archivedAt !== null))
  return { now, at, versions, environment, archived, thresholds, reservations, expired, earlier }
}

const ignore = () => {}

/**
 * The lock has verified that the customers exist. Resources must be verified here, because no row
 * that is written has a foreign key to them.
 */
async function verifyResources(tx: Tx, requests: readonly EngineRequest[]): Promise<void> {
  const resources = resourcesOf(requests)
  if (resources.length === 0) return
  if ((await countResources(tx, resources)) < resources.length) throw new StaleKey()
}

/** Returns the resources of requests, each once. */
export function resourcesOf(requests: readonly EngineRequest[]): ResourceKey[] {
  const resources = new Map<string, ResourceKey>()
  for (const request of requests)
    if (request.kind !== 'reservation')
      for (const { customerKey, resourceKey } of itemsOf(request))
        if (resourceKey !== null && resourceKey !== NO_RESOURCE)
          resources.set(`${customerKey} ${resourceKey}`, { customerKey, resourceKey })
  return [...resources.values()]
}

/** Returns the customers of those requests that limits may deny. */
export const decidedCustomers = (requests: readonly EngineRequest[]): Uuid[] => [
  ...new Set(requests.flatMap((request) => ('item' in request ? [request.item.customerKey] : []))),
]
