import {
  type Feature,
  findFeatures,
  type MeteredFeature,
  type MeterFilter,
  meteredFeatures,
} from '../catalog/index.ts'
import type { Reader } from '../db/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { createMemory, type Memory } from './memory.ts'

/** An environment's features, as far as they were asked for, as of one version of its catalog. */
export type Catalog = {
  withId(featureId: string): Feature | null
  /** The features whose meters may count an event of a name. */
  meteredBy(eventName: string): readonly MeteredFeature[]
}

/** Environments that are remembered, and of each the features, and the names of events. */
const ENVIRONMENTS = 1000
const REMEMBERED = 10_000

type Remembered = {
  version: bigint
  metered: readonly MeteredFeature[]
  byId: Memory<Feature>
  byEventName: Memory<readonly MeteredFeature[]>
}

export type ReadCatalog = (
  reader: Reader,
  scope: Scope,
  asked: { version: bigint; featureIds: readonly string[] },
) => Promise<Catalog>

/** Reads features, and remembers them until the version of the catalog is another one. */
export function rememberCatalog(): ReadCatalog {
  const environments = createMemory<Remembered>(ENVIRONMENTS)
  const remembered = async (reader: Reader, scope: Scope, version: bigint) => {
    const before = environments.get(scope.environmentKey)
    if (before?.version === version) return before
    const metered = await meteredFeatures(reader, scope)
    const known = {
      version,
      metered,
      byId: createMemory<Feature>(REMEMBERED),
      byEventName: createMemory<readonly MeteredFeature[]>(REMEMBERED),
    }
    environments.set(scope.environmentKey, known)
    return known
  }
  return async (reader, scope, { version, featureIds }) => {
    const { metered, byId, byEventName } = await remembered(reader, scope, version)
    const features = new Map(featureIds.map((id) => [id, byId.get(id) ?? null]))
    const unknown = featureIds.filter((id) => features.get(id) === null)
    if (unknown.length > 0)
      for (const feature of await findFeatures(reader, scope, unknown)) {
        features.set(feature.id, feature)
        byId.set(feature.id, feature)
      }
    return {
      withId: (id) => features.get(id) ?? null,
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
