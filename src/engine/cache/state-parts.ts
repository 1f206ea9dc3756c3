import {
  counterName,
  type Resolution,
  readUnattributed,
  resolve,
  type UnresolvedKeyCount,
  windowOf,
} from '../../budgets/index.ts'
import { findResourceKeys } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import {
  type EffectiveEntitlementOf,
  type EntitledFeature,
  type EntitlementReads,
  type Holding,
  holdingBytes,
  type ReadGiven,
} from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { type MeterSubject, NO_RESOURCE } from '../../metering/index.ts'
import { findNextToExpire, holdOf } from '../../metering/reservations/index.ts'
import { addCounters } from '../participants/index.ts'
import {
  type AsOf,
  type CustomerState,
  entitlementBytes,
  type OpenHolds,
  PART_BYTES,
  type StateCache,
} from './customer-state.ts'
import type { MaybeReader } from './environment-state.ts'

/** The state of a customer, and the reader for parts that it lacks. */
export type StateSource = {
  scope: Scope
  customerKey: Uuid
  state: CustomerState
  cache: StateCache
  /** The instant of decision. */
  now: Instant
  /** Reads in a snapshot that has the versions of the state. With null, nothing is read. */
  reader: MaybeReader
  entitlements: EntitlementReads
  readGiven: ReadGiven
}

/** Approximate memory of parts, in bytes. */
const ENTITLED_BYTES = 150
const ENTITY_BYTES = 200
const BUDGET_BYTES = 500

/** The open reservations of a customer that are cached: those that expire next. */
const NEXT_HOLDS = 20

/** Without a reader, each function below returns undefined if the state lacks the part. */

/**
 * Returns the key of a resource. Returns null if the customer does not have the resource, and
 * `NO_RESOURCE` if `resourceId` is null.
 */
export async function resourceKeyIn(
  source: StateSource,
  resourceId: string | null,
): Promise<Uuid | null | undefined> {
  if (resourceId === null) return NO_RESOURCE
  const { resources } = source.state.structure
  const known = resources.get(resourceId)
  if (known !== undefined || source.reader === null) return known
  const { customerKey } = source
  const [key = null] = await findResourceKeys(source.reader, [{ customerKey, resourceId }])
  if (key !== null) {
    resources.set(resourceId, key)
    grow(source, PART_BYTES + 2 * resourceId.length)
  }
  return key
}

/** Returns what the customer holds. */
export async function holdingIn(source: StateSource): Promise<Holding | undefined> {
  const { structure } = source.state
  const { customerKey, now, reader, entitlements } = source
  const known = valueAt(structure.holding, now)
  if (known !== undefined || reader === null) return known
  const [holding] = await entitlements.readHoldings(reader, [{ customerKey, at: now }])
  if (holding === undefined) return undefined
  const before = structure.holding
  structure.holding = { value: holding, from: now, until: holding.until }
  grow(source, holdingBytes(holding) - (before === null ? 0 : holdingBytes(before.value)))
  return holding
}

/** Returns a part unless it is of another time. */
const valueAt = <T>(part: AsOf<T> | null | undefined, now: Instant): T | undefined =>
  part && part.from <= now && (part.until === null || now < part.until) ? part.value : undefined

const nullIfNone = (resourceKey: Uuid): Uuid | null =>
  resourceKey === NO_RESOURCE ? null : resourceKey

const meterName = ({ featureKey, resourceKey }: MeterSubject): string =>
  `${featureKey} ${resourceKey}`

/**
 * Returns the features that sources of the customer or its resource give or revoke, newest feature
 * first. Sources of some of them may have ended since they were read.
 */
export async function entitledFeaturesIn(
  source: StateSource,
  resourceKey: Uuid,
): Promise<readonly EntitledFeature[] | undefined> {
  const { entitled } = source.state.structure
  const { customerKey, now, reader, entitlements } = source
  const before = entitled.get(resourceKey)
  const known = valueAt(before, now)
  if (known !== undefined || reader === null) return known
  const holding = required(await holdingIn(source), 'what a customer holds')
  const owner = { customerKey, resourceKey: nullIfNone(resourceKey) }
  const features = await entitlements.readEntitledFeatures(reader, owner, { now, holding })
  entitled.set(resourceKey, { value: features, from: now, until: holding.until })
  grow(source, entitledBytes(features) - (before === undefined ? 0 : entitledBytes(before.value)))
  return features
}

const entitledBytes = (features: readonly EntitledFeature[]): number =>
  PART_BYTES + features.length * ENTITLED_BYTES

/**
 * Returns the entitlement of the customer or its resource to a feature, with all sources that end
 * after `now`.
 */
export async function entitlementIn(
  source: StateSource,
  meter: MeterSubject,
): Promise<EffectiveEntitlementOf | undefined> {
  const known = knownEntitlement(source, meter)
  if (known !== undefined || source.reader === null) return known
  return (await readEntitlements(source, source.reader, [meter]))[0]
}

/** Returns `entitlementIn` for several features, in their order. */
export async function entitlementsIn(
  source: StateSource,
  meters: readonly MeterSubject[],
): Promise<EffectiveEntitlementOf[] | undefined> {
  const found = new Map(meters.map((meter) => [meter, knownEntitlement(source, meter)]))
  const missing = meters.filter((meter) => found.get(meter) === undefined)
  if (missing.length > 0) {
    if (source.reader === null) return undefined
    const read = await readEntitlements(source, source.reader, missing)
    for (const [index, meter] of missing.entries()) found.set(meter, read[index])
  }
  return meters.map((meter) => required(found.get(meter), 'an entitlement'))
}

function knownEntitlement(
  { state, now }: StateSource,
  meter: MeterSubject,
): EffectiveEntitlementOf | undefined {
  return valueAt(state.structure.entitlements.get(meterName(meter)), now)
}

/** Reads entitlements with a fixed number of statements, and caches them. */
async function readEntitlements(
  source: StateSource,
  reader: Reader,
  meters: readonly MeterSubject[],
): Promise<EffectiveEntitlementOf[]> {
  const { customerKey, now, entitlements, readGiven } = source
  const holding = required(await holdingIn(source), 'what a customer holds')
  const queries = meters.map((meter) => ({
    ...meter,
    customerKey,
    resourceKey: nullIfNone(meter.resourceKey),
  }))
  const known = { now, holdingOf: () => holding, readGiven }
  const read = await entitlements.readEffectiveEntitlements(reader, queries, known)
  const { entitlements: cached } = source.state.structure
  let bytes = 0
  for (const [index, value] of read.entries()) {
    const name = meterName(required(meters[index], 'the feature of an entitlement'))
    const before = cached.get(name)
    cached.set(name, { value, from: now, until: holding.until })
    bytes += entitlementBytes(value) - (before === undefined ? 0 : entitlementBytes(before.value))
  }
  grow(source, bytes)
  return read
}

type ResolutionQuery = {
  /** Only dimensions that can name an entity. */
  dimensions: readonly (readonly [key: string, value: string])[]
  capabilityKeys: readonly Uuid[]
}

/**
 * Returns the resolution of dimensions with the budgets of capabilities. What is read contains the
 * counters of these budgets, in the windows that contain `now`.
 */
export async function resolutionIn(
  source: StateSource,
  { dimensions, capabilityKeys }: ResolutionQuery,
): Promise<Resolution | undefined> {
  const { resolutions } = source.state.structure
  const name = JSON.stringify([dimensions, capabilityKeys])
  const known = resolutions.get(name)
  if (known !== undefined || source.reader === null) return known
  const { scope, customerKey, now, reader } = source
  const found = await resolve(reader, [{ scope, customerKey, dimensions }], {
    capabilityKeys,
    at: now,
  })
  const [resolution] = found.resolutions
  if (resolution === undefined) return undefined
  resolutions.set(name, resolution)
  const names = resolution.budgets.map((budget) => counterName(budget, windowOf(budget, now)))
  addCounters(source.state.usage.cached.budgets, names, found)
  grow(source, bytesOf(resolution) + 2 * name.length)
  return resolution
}

const bytesOf = ({ paths, budgets }: Resolution): number =>
  PART_BYTES +
  paths.reduce((sum, path) => sum + path.length, 0) * ENTITY_BYTES +
  budgets.length * BUDGET_BYTES

/** Returns the open reservations: all that have expired by `now`, and those that expire next. */
export async function openHoldsIn(source: StateSource): Promise<OpenHolds | undefined> {
  const { usage } = source.state
  const { customerKey, now, reader } = source
  const known = usage.openHolds
  if (known !== null && (known.isComplete || now < (known.holds.at(-1)?.expiresAt ?? 0)))
    return known
  if (reader === null) return undefined
  const found = await findNextToExpire(reader, customerKey, { now, next: NEXT_HOLDS })
  const holds = found.map((each) => ({ ...holdOf(each), expiresAt: each.expiresAt }))
  const isComplete = holds.filter(({ expiresAt }) => expiresAt > now).length < NEXT_HOLDS
  usage.openHolds = { holds, isComplete }
  source.cache.put(source.customerKey, source.state)
  return usage.openHolds
}

/** Returns the dimensions of the customer's records that named no entity. */
export async function unattributedIn(
  source: StateSource,
): Promise<readonly UnresolvedKeyCount[] | undefined> {
  const { usage } = source.state
  if (usage.unattributed !== null || source.reader === null) return usage.unattributed ?? undefined
  const unattributed = await readUnattributed(source.reader, source.customerKey)
  usage.unattributed = unattributed
  source.cache.put(source.customerKey, source.state)
  return unattributed
}

/** Notes that `structure` has more parts. */
function grow(source: StateSource, bytes: number): void {
  source.state.structure.bytes += bytes
  source.cache.put(source.customerKey, source.state)
}
