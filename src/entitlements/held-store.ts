import { column, type Reader, row, sql } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { resolve } from './resolve.ts'
import { isSubscribedBy, type SourceLoader, sourcesBy, sourcesFromJson } from './source-port.ts'
import type { Resolution, Source } from './types.ts'
import { validUntil } from './valid-until.ts'

/** A feature of a customer, in the scope of one of its resources or of none. */
export type Wanted = { customerKey: Uuid; featureKey: Uuid; resourceKey: Uuid | null }

export type HeldFeature = {
  sources: readonly Source[]
  resolution: Resolution
  /** The first instant at which the sources may give something else; null: none is known. */
  validUntil: Instant | null
  hasActiveSubscription: boolean
  /** Whether anything gives the customer any feature at all. */
  hasAnything: boolean
}

const heldRow = row({
  sources: sourcesFromJson,
  is_subscribed: column.boolean,
  has_anything: column.boolean,
})

/**
 * What customers hold of features at `now`, in the order of `wanted`, whether or not the customers
 * are archived: for whoever counts usage. One statement.
 */
export async function readHeld(
  reader: Reader,
  wanted: readonly Wanted[],
  { now, loaders }: { now: Instant; loaders: readonly SourceLoader[] },
): Promise<HeldFeature[]> {
  if (wanted.length === 0) return []
  const of = {
    customerKey: sql`of_wanted.customer_key`,
    featureKey: sql`of_wanted.feature_key`,
    resourceKey: sql`of_wanted.resource_key`,
    now: sql`${instantToWire(now)}::timestamptz`,
  }
  const found = await reader.many(
    heldRow,
    sql`
    select
      (select coalesce(json_agg(source), '[]') from (${sourcesBy(loaders, of)}) given) as sources,
      ${isSubscribedBy(loaders, of)} as is_subscribed,
      exists (${sourcesBy(loaders, { ...of, featureKey: null })}) as has_anything
    from unnest(
      ${wanted.map(({ customerKey }) => customerKey)}::uuid[],
      ${wanted.map(({ featureKey }) => featureKey)}::uuid[],
      ${wanted.map(({ resourceKey }) => resourceKey)}::uuid[]
    ) with ordinality as of_wanted (customer_key, feature_key, resource_key, position)
    order by of_wanted.position`,
  )
  return found.map(({ sources, is_subscribed, has_anything }) => ({
    sources,
    resolution: resolve(sources, now),
    validUntil: validUntil(sources, null, now),
    hasActiveSubscription: is_subscribed,
    hasAnything: has_anything,
  }))
}
