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
import { type Cache, createCache } from './cache.ts'

/** An environment's features, as far as they were asked for, as of one version of its catalog. */
export type Catalog = {
  withId(featureId: string): Feature | null
  /** One of those that were asked for by their keys. */
  withKey(featureKey: Uuid): Feature
  /** The features whose meters may count an event of a name. */
  meteredBy(eventName: string): readonly MeteredFeature[]
}

/** Environments that are remembered, and of each the features, and the names of events. */
const ENVIRONMENTS = 1000
const REMEMBERED = 10_000

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
  asked: { version: Uuid; featureIds: readonly string[]; featureKeys: readonly Uuid[] },
) => Promise<Catalog>

/** Reads features, and remembers them until the version of the catalog is another one. */
export function cacheCatalog(): ReadCatalog {
  const environments = createCache<CachedCatalog>(ENVIRONMENTS)
  const remembered = async (reader: Reader, scope: Scope, version: Uuid) => {
    const before = environments.get(scope.environmentKey)
    if (before?.version === version) return before
    const metered = await meteredFeatures(reader, scope)
    const known = {
      version,
      metered,
      byId: createCache<Feature>(REMEMBERED),
      byKey: createCache<Feature>(REMEMBERED),
      byEventName: createCache<readonly MeteredFeature[]>(REMEMBERED),
    }
    environments.set(scope.environmentKey, known)
    return known
  }
  return async (reader, scope, { version, featureIds, featureKeys }) => {
    const { metered, byId, byKey, byEventName } = await remembered(reader, scope, version)
    const withIds = await recalled(byId, featureIds, {
      read: (ids) => findFeatures(reader, scope, ids),
      nameOf: ({ id }) => id,
    })
    const withKeys = await recalled(byKey, featureKeys, {
      read: (keys) => findFeaturesByKey(reader, keys),
      nameOf: ({ key }) => key,
    })
    return {
      withId: (id) => withIds.get(id) ?? null,
      withKey: (key) => required(withKeys.get(key), 'a feature that was asked for'),
      meteredBy: (eventName) => {
        const before = byEventName.get(eventName)
        if (before !== undefined) return before
        const own = metered.filter(({ meter }) => mayPass(meter.filters, eventName))
        byEventName.set(eventName, own)
        return own
      },
    }
  }
}

/** Features by name: those that are remembered, and what `read` finds of the others. */
async function recalled(
  memory: Cache<Feature>,
  names: readonly string[],
  of: { read: (unknown: string[]) => Promise<Feature[]>; nameOf: (feature: Feature) => string },
): Promise<ReadonlyMap<string, Feature>> {
  const found = new Map<string, Feature>()
  const unknown = names.filter((name) => {
    const feature = memory.get(name)
    if (feature !== undefined) found.set(name, feature)
    return feature === undefined
  })
  if (unknown.length === 0) return found
  for (const feature of await of.read(unknown)) {
    found.set(of.nameOf(feature), feature)
    memory.set(of.nameOf(feature), feature)
  }
  return found
}

const EVENT_NAME_FIELDS = ['event_name', 'eventName']

/** Whether an event of the name can pass one of the filters, as far as its name alone decides. */
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
