import type { Resolution } from '../../budgets/index.ts'
import { type Currency, unknownCurrency } from '../../catalog/currencies/index.ts'
import type {
  EffectiveEntitlementOf,
  Holding,
  ResolvedSources,
  Subject,
} from '../../entitlements/index.ts'
import { isSubscribed, resolve } from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import {
  attributionKeysIn,
  currencyIn,
  entitlementIn,
  featureIn,
  holdingIn,
  type OpenHolds,
  openHoldsIn,
  resolutionIn,
  resourceKeyIn,
  type StateSource,
  type Versions,
} from '../cache/index.ts'
import type { Capability, CheckQuery, Decider } from '../participants/index.ts'
import { denyingKeys, recallAll } from '../participants/index.ts'
import type { FactSource } from './fact-source.ts'
import type { Dimensions, Question } from './question.ts'

/** Everything that a check depends on, as of one instant. */
export type CheckFacts = {
  customerKey: Uuid
  query: CheckQuery
  openHolds: OpenHolds
  /** How the participants decide, in their order. */
  deciders: readonly Decider[]
}

const NO_ENTITY: Resolution = { paths: [], budgets: [], unresolved: [] }

/**
 * Gathers the facts of a check. Returns undefined if one of them is not in memory and there is no
 * reader. Independent parts are read together. 404 `CustomCurrencyNotFound`.
 */
export async function gatherFacts(
  source: FactSource,
  { resourceId, capability, dimensions, request }: Question,
): Promise<CheckFacts | undefined> {
  const [resource, openHolds, holding, named, attributing] = await Promise.all([
    resourceKeyIn(source, resourceId),
    openHoldsIn(source),
    holdingIn(source),
    capabilityIn(source, capability),
    dimensions === null ? null : attributingIn(source, dimensions),
  ])
  if (resource === undefined || openHolds === undefined || holding === undefined) return undefined
  if (named === undefined || attributing === undefined) return undefined
  const resourceKey = resource ?? NO_RESOURCE
  const [entitled, resolution] = await Promise.all([
    entitledTo(source, named, resourceKey),
    attributing && resolutionOf(source, attributing, named),
  ])
  if (entitled === undefined || resolution === undefined) return undefined
  const { now, customerKey, versions } = source
  const query: CheckQuery = {
    now,
    subject: subjectOf(versions, { resource, holding }),
    resourceKey,
    capability: named,
    entitlement: entitled,
    request,
    resolution,
    denying: denyingKeys(resolution?.unresolved ?? [], versions.unknownDimensions),
    expired: expiredAmong(openHolds, now),
  }
  const [deciders] = (await recallAll(cachedIn(source), [query])) ?? []
  return deciders && { customerKey, query, openHolds, deciders }
}

type SubjectFacts = {
  /** null: the customer does not have the resource. */
  resource: Uuid | null
  holding: Holding
}

/** Returns who asks, as decisions need it. */
export const subjectOf = (
  { archivedAt }: Pick<Versions, 'archivedAt'>,
  { resource, holding }: SubjectFacts,
): Subject => ({
  customer: archivedAt === null ? 'ACTIVE' : 'ARCHIVED',
  isResourceKnown: resource !== null,
  hasActiveSubscription: isSubscribed(holding, resource),
})

/** Returns the reservations that have expired, but whose amounts are still held. */
export const expiredAmong = ({ holds }: OpenHolds, now: Instant): OpenHolds['holds'] =>
  holds.filter(({ expiresAt }) => expiresAt <= now)

/** Returns the cached usage of a state, as participants recall it. */
export const cachedIn = ({ customerKey, now, reader, state, cache }: StateSource) => ({
  customerKey,
  now,
  reader,
  cached: state.usage.cached,
  grown: () => cache.put(customerKey, state),
})

async function capabilityIn(
  source: FactSource,
  { kind, id, field }: Question['capability'],
): Promise<Capability | undefined> {
  const { reader, scope, environment: state } = source
  if (kind === 'feature') {
    const feature = await featureIn(reader, scope, { state, featureId: id })
    return feature === undefined ? undefined : { kind, feature }
  }
  const currency = await currencyIn(reader, scope, { state, currencyId: id })
  return currency === undefined ? undefined : { kind, currency: currencyOr404(currency, field, id) }
}

/** Returns the currency with an id. 404 `CustomCurrencyNotFound` if there is none. */
export function currencyOr404(
  currency: Currency | null,
  ...[field, id]: Parameters<typeof unknownCurrency>
): Currency {
  if (currency === null) throw unknownCurrency(field, id)
  return currency
}

/** Returns the dimensions that can name an entity. */
async function attributingIn(
  { reader, scope, environment }: FactSource,
  dimensions: Dimensions,
): Promise<Dimensions | undefined> {
  const keys = await attributionKeysIn(reader, scope, environment)
  return keys && dimensions.filter(([key]) => keys.has(key))
}

/** Returns the entitlement to a feature; null if it does not exist, or for a currency. */
async function entitledTo(
  source: FactSource,
  named: Capability,
  resourceKey: Uuid,
): Promise<ResolvedSources | null | undefined> {
  if (named.kind !== 'feature' || named.feature === null) return null
  const found = await entitlementIn(source, { featureKey: named.feature.key, resourceKey })
  return found && resolvedAt(found, source.now)
}

/** Returns the sources that have not ended at `now`, with their resolution. */
export function resolvedAt(
  { sources, resolution, changesAt, validUntil }: EffectiveEntitlementOf,
  now: Instant,
): ResolvedSources {
  if (validUntil === null || now < validUntil) return { sources, resolution, changesAt }
  const left = sources.filter(({ endsAt }) => endsAt === null || now < endsAt)
  return { sources: left, resolution: resolve(left, now), changesAt }
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
