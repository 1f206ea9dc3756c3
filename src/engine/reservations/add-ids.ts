import { findFeaturesByKey } from '../../catalog/features/index.ts'
import { findResourceIds } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import { NO_RESOURCE, type Reservation } from '../../metering/index.ts'
import { type Cache, readThrough } from '../cache/index.ts'

/** A reservation with the ids of its feature and resource. */
export type ReservationWithIds = Reservation & { featureId: string; resourceId: string | null }

/** Adds ids for responses. `ids` caches ids by key; a key never gets another id. */
export async function addIds(
  reader: Reader,
  reservations: readonly Reservation[],
  ids: Cache<string>,
): Promise<ReservationWithIds[]> {
  const ofResources = reservations.filter(({ resourceKey }) => resourceKey !== NO_RESOURCE)
  const [featureIds, resourceIds] = await Promise.all([
    readThrough(ids, reservations, {
      nameOf: ({ featureKey }) => featureKey,
      read: async (missing) => {
        const featureKeys = missing.map(({ featureKey }) => featureKey)
        const features = await findFeaturesByKey(reader, featureKeys)
        return features.map(({ key, id }) => [key, id])
      },
    }),
    readThrough(ids, ofResources, {
      nameOf: ({ resourceKey }) => resourceKey,
      read: (missing) => findResourceIds(reader, missing),
    }),
  ])
  return reservations.map((reservation) => {
    const { featureKey, resourceKey } = reservation
    return {
      ...reservation,
      featureId: required(featureIds.get(featureKey), 'the feature of a reservation'),
      resourceId:
        resourceKey === NO_RESOURCE
          ? null
          : required(resourceIds.get(resourceKey), 'the resource of a reservation'),
    }
  })
}
