import { column, milliseconds, numberedRows, type Reader, row, type Sql, sql } from '../db/index.ts'
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

/** A feature of a customer, in the scope of one of its resources or of none. */
export type FeatureQuery = { customerKey: Uuid; featureKey: Uuid; resourceKey: Uuid | null }

/** What gives a feature at an instant, and what it comes to. */
export type EntitlementThen = { sources: readonly Source[]; resolution: Resolution }

export type EffectiveEntitlementOf = EntitlementThen & {
  /** The sources tell what was held from here on: others have ended until then. */
  endedAt: Instant
  /** The first instant at which the sources may give something else; null: none is known. */
  validUntil: Instant | null
  hasActiveSubscription: boolean
  /** Whether anything gives the customer any feature at all. */
  hasAnything: boolean
}

const heldRow = row({
  sources: sourcesFromJson,
  ended_at: column.bound,
  is_subscribed: column.boolean,
  has_anything: column.boolean,
})

/**
 * What customers hold of features at `now`, in the order of `wanted`, whether or not the customers
 * are archived: for whoever counts usage. One statement.
 */
export async function readHeld(
  reader: Reader,
  wanted: readonly FeatureQuery[],
  { now, sources }: { now: Instant; sources: readonly EntitlementSource[] },
): Promise<EffectiveEntitlementOf[]> {
  if (wanted.length === 0) return []
  const of = sourcesOf(sql`${instantToWire(now)}::timestamptz`)
  const found = await reader.many(
    heldRow,
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

const subscribedRow = row({ is_subscribed: column.boolean })

/** Whether a customer has an active subscription at `now` that counts for one of its resources. */
export const readSubscribed = async (
  reader: Reader,
  { customerKey, resourceKey }: Omit<FeatureQuery, 'featureKey'>,
  { now, sources }: { now: Instant; sources: readonly EntitlementSource[] },
): Promise<boolean> =>
  (
    await reader.one(
      subscribedRow,
      sql`
      select ${isSubscribedBy(sources, {
        customerKey: sql`${customerKey}::uuid`,
        featureKey: null,
        resourceKey: sql`${resourceKey}::uuid`,
        now: sql`${instantToWire(now)}::timestamptz`,
      })} as is_subscribed`,
    )
  ).is_subscribed

const thenRow = row({ sources: sourcesFromJson })

/** What customers held of features at instants of the past, in their order. One statement. */
export async function readHeldThen(
  reader: Reader,
  wanted: readonly (FeatureQuery & { at: Instant })[],
  sources: readonly EntitlementSource[],
): Promise<EntitlementThen[]> {
  if (wanted.length === 0) return []
  const of = sourcesOf(sql`of_wanted.instant`)
  const found = await reader.many(
    thenRow,
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
    const at = required(wanted[index], 'what was asked for').at
    return { sources, resolution: resolve(sources, at) }
  })
}
