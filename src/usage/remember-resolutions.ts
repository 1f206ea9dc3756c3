import type { MeterEvent } from '../catalog/index.ts'
import type { Reader } from '../db/index.ts'
import { findAttributionKeys, type Resolution, resolve } from '../governance/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { type Head, environmentVersion as versionOf } from '../metering/index.ts'
import { createMemory } from './memory.ts'

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
    heads: ReadonlyMap<Uuid, Head>
    /** Of what all customers of the environment share. */
    environmentVersion: number
    now: Instant
  },
) => Promise<ResolutionOf>

type Relevant = readonly (readonly [key: string, value: string])[]
type Remembered = { resolution: Resolution; version: number; environmentVersion: number }

/**
 * Reads what dimensions lead to, in one statement, and remembers it until the structure of the
 * customer, or of the environment, is another one. Dimensions that no entity type asks for make no
 * difference, so that those of any values are remembered as one. Nobody locks an environment's
 * types: where they change between what is read of them, it is all read again.
 */
export function rememberResolutions(): ReadResolutions {
  const remembered = createMemory<Remembered>(RESOLUTIONS)
  const attributionKeys = rememberAttributionKeys()
  const read: ReadResolutions = async (reader, scope, asked) => {
    const { attributables, heads, environmentVersion, now } = asked
    const keys = await attributionKeys(reader, scope, environmentVersion)
    const nameOf = ({ customerKey, featureKeys }: Attributable, relevant: Relevant) =>
      JSON.stringify([customerKey, relevant, featureKeys])
    const found = new Map<string, Resolution>()
    const unknown = new Map<string, Attributable & { relevant: Relevant }>()
    for (const each of attributables) {
      const relevant = relevantOf(each.dimensions, keys)
      if (relevant.length === 0) continue
      const name = nameOf(each, relevant)
      const before = remembered.get(name)
      const { version } = required(heads.get(each.customerKey), 'the head of a customer')
      if (before?.version === version && before.environmentVersion === environmentVersion)
        found.set(name, before.resolution)
      else unknown.set(name, { ...each, relevant })
    }
    if (unknown.size > 0) {
      const requests = [...unknown.values()].map(({ customerKey, relevant }) => ({
        scope,
        customerKey,
        dimensions: relevant,
      }))
      const capabilityKeys = [
        ...new Set([...unknown.values()].flatMap(({ featureKeys }) => featureKeys)),
      ]
      const [{ resolutions }, versionThen] = await Promise.all([
        resolve(reader, requests, { capabilityKeys, at: now }),
        versionOf(reader, scope),
      ])
      if (versionThen !== environmentVersion)
        return read(reader, scope, { ...asked, environmentVersion: versionThen })
      ;[...unknown].forEach(([name, { customerKey }], index) => {
        const resolution = required(resolutions[index], 'what dimensions lead to')
        const { version } = required(heads.get(customerKey), 'the head of a customer')
        found.set(name, resolution)
        remembered.set(name, { resolution, version, environmentVersion })
      })
    }
    return (attributable) => {
      const relevant = relevantOf(attributable.dimensions, keys)
      if (relevant.length === 0) return null
      return required(found.get(nameOf(attributable, relevant)), 'what dimensions lead to')
    }
  }
  return read
}

/** Those of the dimensions that can name an entity, as text, in their order. */
function relevantOf(dimensions: MeterEvent['dimensions'], keys: ReadonlySet<string>): Relevant {
  if (keys.size === 0) return []
  return Object.entries(dimensions)
    .filter(([key]) => keys.has(key))
    .map(([key, value]) => [key, String(value)])
}

function rememberAttributionKeys() {
  const environments = createMemory<{ version: number; keys: ReadonlySet<string> }>(ENVIRONMENTS)
  return async (reader: Reader, scope: Scope, version: number): Promise<ReadonlySet<string>> => {
    const before = environments.get(scope.environmentKey)
    if (before?.version === version) return before.keys
    const keys = await findAttributionKeys(reader, scope)
    environments.set(scope.environmentKey, { version, keys })
    return keys
  }
}
