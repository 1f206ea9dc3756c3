import { findFeaturesByKey } from '../../catalog/features/index.ts'
import { findResourceIds } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { NO_RESOURCE, type Reservation } from '../../metering/index.ts'
import type { Cache } from '../cache/index.ts'

/** With the ids that answers show. */
export type NamedReservation = Reservation & { featureId: string; resourceId: string | null }

/** Reservations with the ids of what they are of. A key never gets another id: `ids` keeps them. */
export async function nameReservations(
  reader: Reader,
  reservations: readonly Reservation[],
  ids: Cache<string>,
): Promise<NamedReservation[]> {
  const resourced = reservations.filter(({ resourceKey }) => resourceKey !== NO_RESOURCE)
  const [features, resources] = await Promise.all([
    named(ids, reservations, {
      keyOf: ({ featureKey }) => featureKey,
      read: async (unknown) => {
        const found = await findFeaturesByKey(
          reader,
          unknown.map(({ featureKey }) => featureKey),
        )
        return new Map(found.map(({ key, id }) => [key, id]))
      },
    }),
    named(ids, resourced, {
      keyOf: ({ resourceKey }) => resourceKey,
      read: (unknown) => findResourceIds(reader, unknown),
    }),
  ])
  return reservations.map((reservation) => {
    const { featureKey, resourceKey } = reservation
    return {
      ...reservation,
      featureId: required(features.get(featureKey), 'the feature of a reservation'),
      resourceId:
        resourceKey === NO_RESOURCE
          ? null
          : required(resources.get(resourceKey), 'the resource of a reservation'),
    }
  })
}

/** Ids by key: those that are remembered, and what `read` finds of the others. */
async function named(
  ids: Cache<string>,
  reservations: readonly Reservation[],
  of: {
    keyOf: (reservation: Reservation) => Uuid
    read: (unknown: Reservation[]) => Promise<ReadonlyMap<Uuid, string>>
  },
): Promise<ReadonlyMap<Uuid, string>> {
  const found = new Map<Uuid, string>()
  const unknown = reservations.filter((reservation) => {
    const id = ids.get(of.keyOf(reservation))
    if (id !== undefined) found.set(of.keyOf(reservation), id)
    return id === undefined
  })
  if (unknown.length === 0) return found
  for (const [key, id] of await of.read(unknown)) {
    found.set(key, id)
    ids.set(key, id)
  }
  return found
}
