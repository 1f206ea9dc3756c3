import { counterName, type Resolution, resolve, windowOf } from '../../budgets/index.ts'
import { findResourceKeys } from '../../customers/index.ts'
import type { EffectiveEntitlementOf, EntitlementReads } from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { type MeterSubject, NO_RESOURCE } from '../../metering/index.ts'
import { findNextToExpire, holdOf } from '../../metering/reservations/index.ts'
import { addCounters } from '../participants/index.ts'
import {
  type CustomerState,
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
}

/** Approximate memory of parts, in bytes. */
const SOURCE_BYTES = 700
const ENTITY_BYTES = 200
const BUDGET_BYTES = 500
const HOLD_BYTES = 500

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
    grow(source, 'structure', PART_BYTES + 2 * resourceId.length)
  }
  return key
}

/** Returns whether the customer has an active subscription that counts for a resource. */
export async function subscriptionIn(
  source: StateSource,
  resourceKey: Uuid,
): Promise<boolean | undefined> {
  const { subscriptions } = source.state.structure
  const known = subscriptions.get(resourceKey)
  if (known !== undefined || source.reader === null) return known
  const { customerKey, now, reader, entitlements } = source
  const subject = { customerKey, resourceKey: nullIfNone(resourceKey) }
  const isSubscribed = await entitlements.readSubscribed(reader, subject, now)
  subscriptions.set(resourceKey, isSubscribed)
  grow(source, 'structure', PART_BYTES)
  return isSubscribed
}

const nullIfNone = (resourceKey: Uuid): Uuid | null =>
  resourceKey === NO_RESOURCE ? null : resourceKey

const meterName = ({ featureKey, resourceKey }: MeterSubject): string =>
  `${featureKey} ${resourceKey}`

/**
 * Returns the entitlement of the customer or its resource to a feature, with all sources that end
 * after `now`.
 */
export async function entitlementIn(
  source: StateSource,
  meter: MeterSubject,
): Promise<EffectiveEntitlementOf | undefined> {
  const known = source.state.structure.entitlements.get(meterName(meter))
  if (known !== undefined && known.from <= source.now) return known.entitlement
  if (source.reader === null) return undefined
  const { customerKey, now, reader, entitlements } = source
  const query = { ...meter, customerKey, resourceKey: nullIfNone(meter.resourceKey) }
  const [entitlement] = await entitlements.readEffectiveEntitlements(reader, [query], now)
  if (entitlement === undefined) return undefined
  source.state.structure.entitlements.set(meterName(meter), { from: now, entitlement })
  grow(source, 'structure', PART_BYTES + entitlement.sources.length * SOURCE_BYTES)
  return entitlement
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
  grow(source, 'structure', bytesOf(resolution) + 2 * name.length)
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
  grow(source, 'usage', PART_BYTES + holds.length * HOLD_BYTES)
  return usage.openHolds
}

function grow(source: StateSource, half: keyof CustomerState, bytes: number): void {
  source.state[half].bytes += bytes
  source.cache.put(source.customerKey, source.state)
}
