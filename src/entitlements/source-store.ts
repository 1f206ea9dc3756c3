import { featuresOfVersion } from '../catalog/packages/entitlements/index.ts'
import type { Reader, Sql } from '../db/index.ts'
import {
  column,
  milliseconds,
  numberedRows,
  pageReader,
  row,
  rowsOfAnyNumber,
  sql,
} from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import type { VersionPin } from './holding.ts'
import {
  type EntitlementSource,
  endedAtBy,
  type SourcesOf,
  sourcesBy,
  sourcesFromJson,
} from './source-port.ts'
import type { Source } from './types.ts'

/** A feature of a customer. */
type CustomerFeature = { customerKey: Uuid; featureKey: Uuid }

/** The stored sources of a feature that have not ended. */
export type StoredSources = {
  sources: readonly Source[]
  /** The sources are complete from this instant on. Other sources ended before it. */
  endedAt: Instant
  /** Whether any source gives or revokes any feature for the customer. */
  hasAnything: boolean
}

const storedRow = row<StoredSources>({
  sources: sourcesFromJson,
  endedAt: column.bound,
  hasAnything: column.boolean,
})

/** Returns the stored sources of features at `now`, in the order of `wanted`. One statement. */
export async function readStoredSources(
  reader: Reader,
  wanted: readonly CustomerFeature[],
  { now, sources }: { now: Instant; sources: readonly EntitlementSource[] },
): Promise<StoredSources[]> {
  if (wanted.length === 0) return []
  const of = sourcesOf(sql`${instantToWire(now)}::timestamptz`)
  return reader.many(
    storedRow,
    sql`
    select
      (select coalesce(json_agg(source), '[]') from (${sourcesBy(sources, of)}) given) as sources,
      ${endedAtBy(sources, of)} as ended_at,
      exists (${sourcesBy(sources, { ...of, featureKey: null })}) as has_anything
    from ${numberedRows(wanted, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      feature_key: ['uuid', ({ featureKey }) => featureKey],
    })} as of_wanted
    order by of_wanted.position`,
  )
}

const sourcesOf = (now: Sql): SourcesOf => ({
  customerKey: sql`of_wanted.customer_key`,
  featureKey: sql`of_wanted.feature_key`,
  now,
})

const sourcesRow = row({ sources: sourcesFromJson })

/** Returns the stored sources of features at past instants, in their order. One statement. */
export async function readStoredSourcesAt(
  reader: Reader,
  wanted: readonly (CustomerFeature & { at: Instant })[],
  sources: readonly EntitlementSource[],
): Promise<Source[][]> {
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
      instant: ['timestamptz', ({ at }) => at],
    })} as of_wanted
    order by of_wanted.position`,
  )
  return found.map((each) => each.sources)
}

/** A feature that a source gives or revokes. */
export type EntitledFeature = { featureKey: Uuid; featureId: string }

const entitledRow = row<EntitledFeature>({
  featureKey: column.uuid,
  featureId: column.from('id', column.text),
})

/**
 * What gives a customer features at an instant: its stored sources, versions of packages, and
 * subscriptions themselves.
 */
export type GiversAt = {
  customerKey: Uuid
  pins: readonly VersionPin[]
  featureKeys: readonly Uuid[]
  at: Instant
  sources: readonly EntitlementSource[]
}

/** A select of `feature_key`: the features of stored sources that end after the instant. */
const storedFeatures = ({ customerKey, at, sources }: GiversAt): Sql =>
  sourcesBy(sources, {
    customerKey: sql`${customerKey}::uuid`,
    featureKey: null,
    now: sql`${instantToWire(at)}::timestamptz`,
  })

/** A select of `feature_key`, each once: the features of versions, and other ones. */
const heldFeatures = ({ pins, featureKeys }: GiversAt): Sql => sql`
  select of_version.feature_key
  from ${rowsOfAnyNumber(pins, {
    package_key: ['uuid', ({ packageKey }) => packageKey],
    version: ['integer', ({ version }) => version],
  })} as of_pin
    cross join lateral (
      ${featuresOfVersion(sql`of_pin.package_key`, sql`of_pin.version`)} offset 0
    ) as of_version
  union
  select * from unnest((select ${featureKeys}::uuid[]))`

/**
 * Returns the features of all sources of a customer that end after the instant, newest feature
 * first. One statement.
 */
export const readFeaturesOf = (reader: Reader, givers: GiversAt): Promise<EntitledFeature[]> =>
  reader.many(
    entitledRow,
    sql`
    select of_feature.feature_key, of_feature.id
    from (
      select feature_key from (${storedFeatures(givers)}) stored union ${heldFeatures(givers)}
    ) as of_given
      cross join lateral (
        select f.feature_key, f.id from features f
        where f.feature_key = of_given.feature_key limit 1
      ) as of_feature
    order by of_feature.feature_key desc`,
  )

/**
 * Returns a page of the features of all sources of a customer that are in force at the instant,
 * newest feature first.
 */
export const listFeaturesOf = pageReader(
  ({ environmentKey }: Scope, { page, ...givers }: GiversAt & { page: PageRequest }) => ({
    row: row({ key: column.from('feature_key', column.uuid) }),
    select: sql`select feature_key from features`,
    table: sql`features`,
    of: sql`environment_key = ${environmentKey}::uuid`,
    where: [
      sql`feature_key in (
        select feature_key from (${storedFeatures(givers)}) stored
        where (source->>'startsAt')::bigint
          <= ${milliseconds(sql`${instantToWire(givers.at)}::timestamptz`)}
        union ${heldFeatures(givers)})`,
    ],
    large: [],
    key: sql`feature_key`,
    page,
  }),
)
