import type { Reader, Sql } from '../db/index.ts'
import { column, milliseconds, numberedRows, readValue, row, sql } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { resolve } from './resolve.ts'
import {
  type EntitlementSource,
  endedAtBy,
  isSubscribedBy,
  type SourcesOf,
  sourcesBy,
  sourcesFromJson,
} from './source-port.ts'
import type { Resolution, Source } from './types.ts'
import { validUntil } from './valid-until.ts'

/** A customer, or one of its resources. */
export type SourceOwner = { customerKey: Uuid; resourceKey: Uuid | null }

/** A feature of a customer, or of one of its resources. */
export type FeatureQuery = SourceOwner & { featureKey: Uuid }

/** The sources of a feature, and their resolution at an instant. */
export type ResolvedSources = { sources: readonly Source[]; resolution: Resolution }

export type EffectiveEntitlementOf = ResolvedSources & {
  /** The sources are complete from this instant on. Other sources ended before it. */
  endedAt: Instant
  /** The first instant at which the sources may give something else; null if none is known. */
  validUntil: Instant | null
  hasActiveSubscription: boolean
  /** Whether any source gives or revokes any feature for the customer. */
  hasAnything: boolean
}

const entitlementRow = row({
  sources: sourcesFromJson,
  ended_at: column.bound,
  is_subscribed: column.boolean,
  has_anything: column.boolean,
})

/**
 * Returns the entitlements of customers to features at `now`, in the order of `wanted`. They do not
 * depend on whether a customer is archived, because usage is counted in the same periods. One
 * statement.
 */
export async function readEffectiveEntitlements(
  reader: Reader,
  wanted: readonly FeatureQuery[],
  { now, sources }: SourcesAt,
): Promise<EffectiveEntitlementOf[]> {
  if (wanted.length === 0) return []
  const of = sourcesOf(sql`${instantToWire(now)}::timestamptz`)
  const found = await reader.many(
    entitlementRow,
    sql`
    select
      (select coalesce(json_agg(source), '[]') from (${sourcesBy(sources, of)}) given) as sources,
      ${endedAtBy(sources, of)} as ended_at,
      ${isSubscribedBy(sources, of)} as is_subscribed,
      exists (${sourcesBy(sources, { ...of, featureKey: null })}) as has_anything
    from ${numberedRows(wanted, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      feature_key: ['uuid', ({ featureKey }) => featureKey],
      resource_key: ['uuid', ({ resourceKey }) => resourceKey],
    })} as of_wanted
    order by of_wanted.position`,
  )
  return found.map(({ sources, ended_at, is_subscribed, has_anything }) => ({
    sources,
    endedAt: ended_at,
    resolution: resolve(sources, now),
    validUntil: validUntil(sources, null, now),
    hasActiveSubscription: is_subscribed,
    hasAnything: has_anything,
  }))
}

const sourcesOf = (now: Sql): SourcesOf => ({
  customerKey: sql`of_wanted.customer_key`,
  featureKey: sql`of_wanted.feature_key`,
  resourceKey: sql`of_wanted.resource_key`,
  now,
})

type SourcesAt = { now: Instant; sources: readonly EntitlementSource[] }

/** Returns whether a customer has an active subscription at `now` that counts for a resource. */
export const readSubscribed = (
  reader: Reader,
  owner: SourceOwner,
  { now, sources }: SourcesAt,
): Promise<boolean> =>
  readValue(reader, column.boolean, sql`select ${isSubscribedBy(sources, allOf(owner, now))}`)

/** A feature that a source gives or revokes. */
export type EntitledFeature = { featureKey: Uuid; featureId: string }

const entitledRow = row<EntitledFeature>({
  featureKey: column.uuid,
  featureId: column.from('id', column.text),
})

/**
 * Returns the features of all sources that end after `now`, newest feature first. One statement.
 */
export const readEntitledFeatures = (
  reader: Reader,
  owner: SourceOwner,
  { now, sources }: SourcesAt,
): Promise<EntitledFeature[]> =>
  reader.many(
    entitledRow,
    sql`
    select of_feature.feature_key, of_feature.id
    from (select distinct feature_key from (${sourcesBy(sources, allOf(owner, now))}) given) given
      join features of_feature on of_feature.feature_key = given.feature_key
    order by of_feature.feature_key desc`,
  )

/** All features of a customer or a resource. */
const allOf = ({ customerKey, resourceKey }: SourceOwner, now: Instant): SourcesOf => ({
  customerKey: sql`${customerKey}::uuid`,
  featureKey: null,
  resourceKey: sql`${resourceKey}::uuid`,
  now: sql`${instantToWire(now)}::timestamptz`,
})

const sourcesRow = row({ sources: sourcesFromJson })

/** Returns entitlements at past instants, in the order of `wanted`. One statement. */
export async function readEffectiveEntitlementsAt(
  reader: Reader,
  wanted: readonly (FeatureQuery & { at: Instant })[],
  sources: readonly EntitlementSource[],
): Promise<ResolvedSources[]> {
  if (wanted.length === 0) return []
  const of = sourcesOf(sql`of_wanted.instant`)
  const found = await reader.many(
    sourcesRow,
    sql`
    select (
      select coalesce(json_agg(source), '[]') from (${sourcesBy(sources, of)}) given
      where (source->>'startsAt')::bigint <= ${milliseconds(sql`of_wanted.instant`)}) as sources
    from ${numberedRows(wanted, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      feature_key: ['uuid', ({ featureKey }) => featureKey],
      resource_key: ['uuid', ({ resourceKey }) => resourceKey],
      instant: ['timestamptz', ({ at }) => at],
    })} as of_wanted
    order by of_wanted.position`,
  )
  return found.map(({ sources }, index) => {
    const at = required(wanted[index], 'the query of a row').at
    return { sources, resolution: resolve(sources, at) }
  })
}
