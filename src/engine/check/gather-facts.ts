import type { Resolution } from '../../budgets/index.ts'
import type { Currency } from '../../catalog/currencies/index.ts'
import type { BareFeature } from '../../catalog/features/index.ts'
import {
  type EffectiveEntitlementOf,
  type FeatureState,
  type ResolvedSources,
  resolve,
  usageWindow,
} from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { LIFETIME } from '../../kernel/period.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import { aggregateOf } from '../../metering/records/index.ts'
import { findUsage } from '../../metering/totals/index.ts'
import {
  attributionKeysIn,
  currencyIn,
  type EnvironmentState,
  entitlementIn,
  featureIn,
  type OpenHolds,
  openHoldsIn,
  resolutionIn,
  resourceKeyIn,
  type StateSource,
  subscriptionIn,
  totalsIn,
  type Versions,
} from '../cache/index.ts'
import type { CachedUsage } from '../participants/index.ts'
import type { Dimensions, Question } from './question.ts'

/** Everything that a check depends on, as of one instant. */
export type CheckFacts = {
  now: Instant
  customerKey: Uuid
  archivedAt: Instant | null
  /** null: the customer does not have the resource of the question. */
  resourceKey: Uuid | null
  hasActiveSubscription: boolean
  capability: CapabilityFacts
  openHolds: OpenHolds
  /** null: the question has no dimensions, so budgets do not matter. */
  resolution: Resolution | null
  counters: CachedUsage['budgets']
  unknownDimensions: Versions['unknownDimensions']
}

/** A capability; null if none has the id. Its holds still include those of expired reservations. */
export type CapabilityFacts =
  | { kind: 'feature'; featureState: FeatureState | null }
  | { kind: 'currency'; currency: Currency | null }

/** The states from which the facts of a check are gathered. */
export type FactSource = StateSource & { environment: EnvironmentState; versions: Versions }

const NO_ENTITY: Resolution = { paths: [], budgets: [], unresolved: [] }

/**
 * Gathers the facts of a check. Returns undefined if one of them is not in memory and there is no
 * reader. Independent parts are read together.
 */
export async function gatherFacts(
  source: FactSource,
  { resourceId, capability, dimensions }: Question,
): Promise<CheckFacts | undefined> {
  const [resource, openHolds, named, attributing] = await Promise.all([
    resourceKeyIn(source, resourceId),
    openHoldsIn(source),
    capabilityIn(source, capability),
    dimensions === null ? null : attributingIn(source, dimensions),
  ])
  if (resource === undefined || openHolds === undefined) return undefined
  if (named === undefined || attributing === undefined) return undefined
  const [entitled, resolution] = await Promise.all([
    entitledTo(source, named, resource ?? NO_RESOURCE),
    attributing && resolutionOf(source, attributing, named),
  ])
  if (entitled === undefined || resolution === undefined) return undefined
  return {
    ...entitled,
    now: source.now,
    customerKey: source.customerKey,
    archivedAt: source.versions.archivedAt,
    resourceKey: resource,
    openHolds,
    resolution,
    counters: source.state.usage.cached.budgets,
    unknownDimensions: source.versions.unknownDimensions,
  }
}

type Capability =
  | { kind: 'feature'; feature: BareFeature | null }
  | { kind: 'currency'; currency: Currency | null }

async function capabilityIn(
  { reader, scope, environment: state }: FactSource,
  { kind, id }: Question['capability'],
): Promise<Capability | undefined> {
  if (kind === 'feature') {
    const feature = await featureIn(reader, scope, { state, featureId: id })
    return feature === undefined ? undefined : { kind, feature }
  }
  const currency = await currencyIn(reader, scope, { state, currencyId: id })
  return currency === undefined ? undefined : { kind, currency }
}

/** Returns the dimensions that can name an entity. */
async function attributingIn(
  { reader, scope, environment }: FactSource,
  dimensions: Dimensions,
): Promise<Dimensions | undefined> {
  const keys = await attributionKeysIn(reader, scope, environment)
  return keys && dimensions.filter(([key]) => keys.has(key))
}

async function entitledTo(
  source: FactSource,
  named: Capability,
  resourceKey: Uuid,
): Promise<Pick<CheckFacts, 'capability' | 'hasActiveSubscription'> | undefined> {
  if (named.kind === 'feature' && named.feature !== null)
    return featureFacts(source, named.feature, resourceKey)
  const hasActiveSubscription = await subscriptionIn(source, resourceKey)
  if (hasActiveSubscription === undefined) return undefined
  const capability = named.kind === 'feature' ? { kind: named.kind, featureState: null } : named
  return { capability, hasActiveSubscription }
}

async function featureFacts(source: FactSource, feature: BareFeature, resourceKey: Uuid) {
  const meter = { featureKey: feature.key, resourceKey }
  const entitlement = await entitlementIn(source, meter)
  if (entitlement === undefined) return undefined
  const resolved = resolvedAt(entitlement, source.now)
  const { effective } = resolved.resolution
  const window = effective === null ? LIFETIME : usageWindow(effective, source.now)
  const isMetered = effective !== null && feature.meterType !== 'None'
  const totals = isMetered ? await totalsIn(source, { ...meter, window }) : []
  if (totals === undefined) return undefined
  const used = isMetered
    ? required(findUsage(totals, window, aggregateOf(feature.meter)), 'usage of a window')
    : { usage: 0n, held: 0n }
  const capability = {
    kind: 'feature',
    featureState: { ...resolved, feature, window, used },
  } as const
  return { capability, hasActiveSubscription: entitlement.hasActiveSubscription }
}

/** Returns the sources that have not ended at `now`, with their resolution. */
function resolvedAt(
  { sources, resolution, validUntil }: EffectiveEntitlementOf,
  now: Instant,
): ResolvedSources {
  if (validUntil === null || now < validUntil) return { sources, resolution }
  const left = sources.filter(({ endsAt }) => endsAt === null || now < endsAt)
  return { sources: left, resolution: resolve(left, now) }
}

async function resolutionOf(
  source: FactSource,
  dimensions: Dimensions,
  named: Capability,
): Promise<Resolution | undefined> {
  if (dimensions.length === 0) return NO_ENTITY
  const capability = named.kind === 'feature' ? named.feature : named.currency
  return resolutionIn(source, {
    dimensions,
    capabilityKeys: capability === null ? [] : [capability.key],
  })
}
