import { type Resolution, resolve } from '../../budgets/index.ts'
import type { MeterEvent } from '../../catalog/features/index.ts'
import { type CustomerVersion, environmentVersion } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import { findAttributionKeys } from '../../entities/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { createCache } from './cache.ts'

/** The maximum number of cached resolutions. Each takes about a kilobyte for every few budgets. */
const RESOLUTIONS = 20_000
/** Environments whose attribution keys are cached. */
const ENVIRONMENTS = 1000

/** Usage of a customer: its dimensions, and the features that it may count for. */
export type Attributable = {
  customerKey: Uuid
  dimensions: MeterEvent['dimensions']
  featureKeys: readonly Uuid[]
}

/**
 * Returns the resolutions of dimensions, in the order of `attributables`; null if none of the
 * dimensions can name an entity.
 */
export type ReadResolutions = (
  reader: Reader,
  scope: Scope,
  query: {
    attributables: readonly Attributable[]
    customerVersions: ReadonlyMap<Uuid, CustomerVersion>
    /** The version of what all customers of the environment share. */
    environmentVersion: Uuid
    now: Instant
  },
) => Promise<readonly (Resolution | null)[]>

type Dimensions = readonly (readonly [key: string, value: string])[]
type CachedResolution = { resolution: Resolution; version: Uuid; environmentVersion: Uuid }
type CacheRequest = Attributable & { name: string; attributing: Dimensions; version: Uuid }
type AttributionKeys = { version: Uuid; keys: ReadonlySet<string> }

/**
 * Resolves dimensions with one statement. A resolution is cached until the structure of its
 * customer or of the environment changes. Only dimensions that are attribution keys are part of the
 * name in the cache, so the values of other dimensions do not fill the cache. The customers are
 * locked, but the entity types and attribution keys of the environment are not. If they change
 * during the read, everything is read again: old attribution keys with new entity types could give
 * a result that was never correct.
 */
export function cacheResolutions(): ReadResolutions {
  const cached = createCache<CachedResolution>(RESOLUTIONS)
  const environments = createCache<AttributionKeys>(ENVIRONMENTS)
  /** Reads as of a version of the environment. Also returns its version after the read. */
  const readAsOf = async (...[reader, scope, query]: Parameters<ReadResolutions>) => {
    const { attributables, customerVersions, environmentVersion: version, now } = query
    const environment = environments.get(scope.environmentKey)
    const isCached = environment?.version === version
    const keys = isCached ? environment.keys : await findAttributionKeys(reader, scope)
    const requests = attributables.map((each) => requestOf(each, { keys, customerVersions }))
    const found = new Map<string, Resolution>()
    const missing = new Map<string, CacheRequest>()
    for (const request of requests) {
      if (request === null) continue
      const hit = cached.get(request.name)
      if (hit?.version === request.version && hit.environmentVersion === version)
        found.set(request.name, hit.resolution)
      else missing.set(request.name, request)
    }
    const resolutions = () =>
      requests.map((request) => request && required(found.get(request.name), 'a resolution'))
    if (isCached && missing.size === 0) return { resolutions, version }
    const [read, versionAfter] = await Promise.all([
      resolveAll(reader, scope, [...missing.values()], now),
      environmentVersion(reader, scope),
    ])
    if (versionAfter === version) {
      environments.set(scope.environmentKey, { version, keys })
      ;[...missing.values()].forEach((request, index) => {
        const resolution = required(read[index], 'a resolution')
        found.set(request.name, resolution)
        const { version: own } = request
        cached.set(request.name, { resolution, version: own, environmentVersion: version })
      })
    }
    return { resolutions, version: versionAfter }
  }
  return async (reader, scope, query) => {
    for (let version = query.environmentVersion; ; ) {
      const read = await readAsOf(reader, scope, { ...query, environmentVersion: version })
      if (read.version === version) return read.resolutions()
      version = read.version
    }
  }
}

/** null: none of the dimensions can name an entity. */
function requestOf(
  attributable: Attributable,
  by: { keys: ReadonlySet<string>; customerVersions: ReadonlyMap<Uuid, CustomerVersion> },
): CacheRequest | null {
  const { customerKey, featureKeys } = attributable
  const attributing = attributingDimensions(attributable.dimensions, by.keys)
  if (attributing.length === 0) return null
  const name = JSON.stringify([customerKey, attributing, featureKeys])
  const { version } = required(by.customerVersions.get(customerKey), 'the version of a customer')
  return { ...attributable, name, attributing, version }
}

async function resolveAll(
  reader: Reader,
  scope: Scope,
  requests: readonly CacheRequest[],
  at: Instant,
): Promise<Resolution[]> {
  const resolutionRequests = requests.map(({ customerKey, attributing }) => ({
    scope,
    customerKey,
    dimensions: attributing,
  }))
  const capabilityKeys = [...new Set(requests.flatMap(({ featureKeys }) => featureKeys))]
  return (await resolve(reader, resolutionRequests, { capabilityKeys, at })).resolutions
}

/** Returns the dimensions that can name an entity, as text, sorted by name. */
function attributingDimensions(
  dimensions: MeterEvent['dimensions'],
  keys: ReadonlySet<string>,
): Dimensions {
  if (keys.size === 0) return []
  return Object.entries(dimensions)
    .filter(([key]) => keys.has(key))
    .map(([key, value]) => [key, String(value)])
}
