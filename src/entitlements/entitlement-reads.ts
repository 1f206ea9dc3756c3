import type { Reader } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import { type ReadGiven, readGiven } from './given.ts'
import {
  countingFor,
  type Holding,
  type HoldingQuery,
  isSubscribed,
  pinsOf,
  type ReadHoldings,
} from './holding.ts'
import { readHeldSources } from './read-held-sources.ts'
import { resolve } from './resolve.ts'
import type { EntitlementSource } from './source-port.ts'
import {
  type EntitledFeature,
  listFeaturesOf,
  readFeaturesOf,
  readStoredSources,
  readStoredSourcesAt,
} from './source-store.ts'
import type { ResolvedSources, Source } from './types.ts'
import { validUntil } from './valid-until.ts'

/** A customer, or one of its resources. */
export type SourceOwner = { customerKey: Uuid; resourceKey: Uuid | null }

/** A feature of a customer, or of one of its resources. */
export type FeatureQuery = SourceOwner & { featureKey: Uuid }

export type EffectiveEntitlementOf = ResolvedSources & {
  /** The sources are complete from this instant on. Other sources ended before it. */
  endedAt: Instant
  /** The first instant at which the sources may give something else; null if none is known. */
  validUntil: Instant | null
  hasActiveSubscription: boolean
  /** Whether the customer has a subscription, or any source that gives or revokes any feature. */
  hasAnything: boolean
}

/** What is known before entitlements are read. */
export type KnownHoldings = {
  /** Returns what a customer holds; undefined if it must be read. */
  holdingOf?: (customerKey: Uuid) => Holding | undefined
  /** Returns what versions give. Absent: it is read from the database. */
  readGiven?: ReadGiven
}

/**
 * All functions that read entitlements, bound to the sources of this installation. The number of
 * their statements does not depend on the number of queries. Entitlements do not depend on whether
 * a customer is archived, because usage is counted in the same periods.
 */
export type EntitlementReads = {
  readHoldings: ReadHoldings
  /** Returns the entitlements of customers to features at `now`, in the order of the queries. */
  readEffectiveEntitlements(
    reader: Reader,
    features: readonly FeatureQuery[],
    at: KnownHoldings & { now: Instant },
  ): Promise<EffectiveEntitlementOf[]>
  /** Returns entitlements at past instants, in the order of the queries. */
  readEffectiveEntitlementsAt(
    reader: Reader,
    features: readonly (FeatureQuery & { at: Instant })[],
    known?: KnownHoldings,
  ): Promise<ResolvedSources[]>
  /**
   * Returns the features of a customer's sources that end after `now`, newest feature first.
   * `holding` is what the customer holds at `now`.
   */
  readEntitledFeatures(
    reader: Reader,
    owner: SourceOwner,
    at: { now: Instant; holding: Holding },
  ): Promise<EntitledFeature[]>
  /**
   * Returns a page of the features of a customer's sources that are in force at an instant, newest
   * feature first. `holding` is what the customer holds then.
   */
  listFeaturesAt(
    reader: Reader,
    scope: Scope,
    of: SourceOwner & { at: Instant; holding: Holding; page: PageRequest },
  ): Promise<Page<{ key: Uuid }>>
}

/** Binds the reads to modules whose rows are sources, and to the one that has subscriptions. */
export const entitlementReads = (
  sources: readonly EntitlementSource[],
  readHoldings: ReadHoldings,
): EntitlementReads => ({
  readHoldings,
  readEffectiveEntitlements: async (reader, features, { now, ...known }) => {
    const queries = features.map((query) => ({ ...query, at: now }))
    const [stored, held] = await Promise.all([
      readStoredSources(reader, features, { now, sources }),
      readHeld(reader, queries, { ...known, readHoldings }),
    ])
    return held.map(({ holding, resourceKey, sources: ofHolding }, index) => {
      const own = required(stored[index], 'the sources of a feature')
      const hasActiveSubscription = isSubscribed(holding, resourceKey)
      const resolved = resolvedAt([...own.sources, ...ofHolding], now, holding)
      return {
        ...resolved,
        endedAt: Math.max(own.endedAt, holding.since),
        validUntil: validUntil(resolved, null, now),
        hasActiveSubscription,
        hasAnything: own.hasAnything || hasActiveSubscription,
      }
    })
  },
  readEffectiveEntitlementsAt: async (reader, features, known = {}) => {
    const [stored, held] = await Promise.all([
      readStoredSourcesAt(reader, features, sources),
      readHeld(reader, features, { ...known, readHoldings }),
    ])
    return held.map(({ at, holding, sources: ofHolding }, index) =>
      resolvedAt([...(stored[index] ?? []), ...ofHolding], at, holding),
    )
  },
  readEntitledFeatures: (reader, owner, { now, holding }) =>
    readFeaturesOf(reader, { ...giversOf(owner, holding), at: now, sources }),
  listFeaturesAt: (reader, scope, { at, page, holding, ...owner }) =>
    listFeaturesOf(reader, scope, { ...giversOf(owner, holding), at, sources, page }),
})

function giversOf({ customerKey, resourceKey }: SourceOwner, holding: Holding) {
  const counting = countingFor(holding, resourceKey)
  const own = counting.flatMap(({ units, overrides }) => [...units, ...overrides])
  const featureKeys = own.map(({ featureKey }) => featureKey)
  return { customerKey, featureKeys, pins: counting.flatMap(pinsOf) }
}

const resolvedAt = (
  sources: readonly Source[],
  at: Instant,
  { until }: Holding,
): ResolvedSources => ({ sources, resolution: resolve(sources, at), changesAt: until })

/**
 * Returns queries with what their customers hold at the instant, and with the sources of the
 * feature that come from it. Each customer is read once for each instant, unless it is known.
 */
async function readHeld<Query extends FeatureQuery & { at: Instant }>(
  reader: Reader,
  queries: readonly Query[],
  by: KnownHoldings & { readHoldings: ReadHoldings },
): Promise<(Query & { holding: Holding; sources: Source[] })[]> {
  const holdings = new Map<string, Holding>()
  const missing = new Map<string, Query>()
  for (const query of queries) {
    const holding = by.holdingOf?.(query.customerKey)
    if (holding === undefined) missing.set(nameOf(query), query)
    else holdings.set(nameOf(query), holding)
  }
  const read = await by.readHoldings(reader, [...missing.values()])
  for (const [index, name] of [...missing.keys()].entries())
    holdings.set(name, required(read[index], 'what a customer holds'))
  const wanted = queries.map((query) => ({
    ...query,
    holding: required(holdings.get(nameOf(query)), 'what a customer holds'),
  }))
  const sources = await readHeldSources(reader, wanted, by.readGiven ?? readGiven)
  return wanted.map((each, index) => ({ ...each, sources: sources[index] ?? [] }))
}

const nameOf = ({ customerKey, at }: HoldingQuery): string => `${customerKey} ${at}`
