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

/** Resolutions that are remembered, a kilobyte for each few budgets. */
const RESOLUTIONS = 20_000
/** Environments whose attribution keys are remembered. */
const ENVIRONMENTS = 1000

/** Whose usage it is, what its dimensions say, and for which features it may count. */
export type Attributable = {
  customerKey: Uuid
  dimensions: MeterEvent['dimensions']
  featureKeys: readonly Uuid[]
}

/** What dimensions lead to; null where none of them can name an entity. */
export type ResolutionOf = (attributable: Attributable) => Resolution | null

export type ReadResolutions = (
  reader: Reader,
  scope: Scope,
  asked: {
    attributables: readonly Attributable[]
    heads: ReadonlyMap<Uuid, CustomerVersion>
    /** Of what all customers of the environment share. */
    environmentVersion: Uuid
    now: Instant
  },
) => Promise<ResolutionOf>

type Relevant = readonly (readonly [key: string, value: string])[]
type CachedResolution = { resolution: Resolution; version: Uuid; environmentVersion: Uuid }
type CacheRequest = Attributable & { relevant: Relevant; version: Uuid }
type Keys = { version: Uuid; keys: ReadonlySet<string> }

/**
 * Reads what dimensions lead to, in one statement, and remembers it until the structure of the
 * customer, or of the environment, is another one. Dimensions that no entity type asks for make no
 * difference, so that those of any values are remembered as one.
 *
 * The customers are locked, and what the environment shares is not: if it has changed before all is
 * read, all is read anew. Else keys of before and types of after would lead to what never was.
 */
export function cacheResolutions(): ReadResolutions {
  const remembered = createCache<CachedResolution>(RESOLUTIONS)
  const environments = createCache<Keys>(ENVIRONMENTS)
  /** As of a version; with the version that there is once all is read. */
  const readAs = async (...[reader, scope, asked]: Parameters<ReadResolutions>) => {
    const { attributables, heads, environmentVersion: version, now } = asked
    const known = environments.get(scope.environmentKey)
    const isKnown = known?.version === version
    const keys = isKnown ? known.keys : await findAttributionKeys(reader, scope)
    const found = new Map<string, Resolution>()
    const unknown = new Map<string, CacheRequest>()
    for (const each of attributables) {
      const relevant = relevantOf(each.dimensions, keys)
      if (relevant.length === 0) continue
      const name = nameOf(each, relevant)
      const before = remembered.get(name)
      const head = required(heads.get(each.customerKey), 'the head of a customer')
      if (before?.version === head.version && before.environmentVersion === version)
        found.set(name, before.resolution)
      else unknown.set(name, { ...each, relevant, version: head.version })
    }
    const resolutionOf: ResolutionOf = (attributable) => {
      const relevant = relevantOf(attributable.dimensions, keys)
      if (relevant.length === 0) return null
      return required(found.get(nameOf(attributable, relevant)), 'what dimensions lead to')
    }
    if (isKnown && unknown.size === 0) return { resolutionOf, version }
    const [resolutions, after] = await Promise.all([
      resolveAll(reader, scope, [...unknown.values()], now),
      environmentVersion(reader, scope),
    ])
    if (after === version) {
      environments.set(scope.environmentKey, { version, keys })
      ;[...unknown].forEach(([name, { version: own }], index) => {
        const resolution = required(resolutions[index], 'what dimensions lead to')
        found.set(name, resolution)
        remembered.set(name, { resolution, version: own, environmentVersion: version })
      })
    }
    return { resolutionOf, version: after }
  }
  return async (reader, scope, asked) => {
    for (let version = asked.environmentVersion; ; ) {
      const read = await readAs(reader, scope, { ...asked, environmentVersion: version })
      if (read.version === version) return read.resolutionOf
      version = read.version
    }
  }
}

const nameOf = ({ customerKey, featureKeys }: Attributable, relevant: Relevant): string =>
  JSON.stringify([customerKey, relevant, featureKeys])

async function resolveAll(
  reader: Reader,
  scope: Scope,
  unknown: readonly CacheRequest[],
  at: Instant,
): Promise<Resolution[]> {
  const requests = unknown.map(({ customerKey, relevant }) => ({
    scope,
    customerKey,
    dimensions: relevant,
  }))
  const capabilityKeys = [...new Set(unknown.flatMap(({ featureKeys }) => featureKeys))]
  return (await resolve(reader, requests, { capabilityKeys, at })).resolutions
}

/** Those of the dimensions that can name an entity, as text, in their order. */
function relevantOf(dimensions: MeterEvent['dimensions'], keys: ReadonlySet<string>): Relevant {
  if (keys.size === 0) return []
  return Object.entries(dimensions)
    .filter(([key]) => keys.has(key))
    .map(([key, value]) => [key, String(value)])
}
