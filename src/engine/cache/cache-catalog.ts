import {
  type Feature,
  findFeatures,
  findFeaturesByKey,
  type MeteredFeature,
  type MeterFilter,
  meteredFeatures,
} from '../../catalog/features/index.ts'
import type { Reader } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { type Cache, createCache, readThrough } from './cache.ts'

/** The features of an environment that a batch needs, as of one catalog version. */
export type Catalog = {
  withId(featureId: string): Feature | null
  /** A feature whose key was part of the query. */
  withKey(featureKey: Uuid): Feature
  /** The features whose meters may count an event with a name. */
  meteredBy(eventName: string): readonly MeteredFeature[]
}

/** The maximum numbers of cached environments, and of features and event names in each of them. */
const ENVIRONMENTS = 1000
const PER_ENVIRONMENT = 10_000

type CachedCatalog = {
  version: Uuid
  metered: readonly MeteredFeature[]
  byId: Cache<Feature>
  byKey: Cache<Feature>
  byEventName: Cache<readonly MeteredFeature[]>
}

export type ReadCatalog = (
  reader: Reader,
  scope: Scope,
  query: { version: Uuid; featureIds: readonly string[]; featureKeys: readonly Uuid[] },
) => Promise<Catalog>

/** Reads features. They are cached until the version of the catalog changes. */
export function cacheCatalog(): ReadCatalog {
  const environments = createCache<CachedCatalog>(ENVIRONMENTS)
  const catalogOf = async (reader: Reader, scope: Scope, version: Uuid) => {
    const cached = environments.get(scope.environmentKey)
    if (cached?.version === version) return cached
    const catalog = {
      version,
      metered: await meteredFeatures(reader, scope),
      byId: createCache<Feature>(PER_ENVIRONMENT),
      byKey: createCache<Feature>(PER_ENVIRONMENT),
      byEventName: createCache<readonly MeteredFeature[]>(PER_ENVIRONMENT),
    }
    environments.set(scope.environmentKey, catalog)
    return catalog
  }
  return async (reader, scope, { version, featureIds, featureKeys }) => {
    const { metered, byId, byKey, byEventName } = await catalogOf(reader, scope, version)
    const withIds = await readThrough(byId, featureIds, {
      nameOf: (id) => id,
      read: async (ids) =>
        (await findFeatures(reader, scope, ids)).map((feature) => [feature.id, feature]),
    })
    const withKeys = await readThrough(byKey, featureKeys, {
      nameOf: (key) => key,
      read: async (keys) =>
        (await findFeaturesByKey(reader, keys)).map((feature) => [feature.key, feature]),
    })
    return {
      withId: (id) => withIds.get(id) ?? null,
      withKey: (key) => required(withKeys.get(key), 'a feature of the query'),
      meteredBy: (eventName) => {
        const cached = byEventName.get(eventName)
        if (cached !== undefined) return cached
        const features = metered.filter(({ meter }) => mayPass(meter.filters, eventName))
        byEventName.set(eventName, features)
        return features
      },
    }
  }
}

const EVENT_NAME_FIELDS = ['event_name', 'eventName']

/** Returns whether an event with this name may match one of the filters. */
const mayPass = (filters: readonly MeterFilter[], eventName: string): boolean =>
  filters.length === 0 ||
  filters.some(({ conditions }) =>
    conditions.every(
      (condition) =>
        condition.operation !== 'EQUALS' ||
        !EVENT_NAME_FIELDS.includes(condition.field) ||
        condition.value === eventName,
    ),
  )
