import { column, milliseconds, type Reader, row, rows, sql } from '../../db/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { trialColumn } from './trial-column.ts'
import type { DefaultTrial, PackageType, PricingType } from './types.ts'

/** A package with versions that were published. */
export type PublishedPackage = {
  /** Keys ascend in the order in which packages were created. */
  key: Uuid
  id: string
  type: PackageType
  productKey: Uuid
  /** In their order. A package that was never published has none. */
  versions: readonly PublishedVersion[]
  /** The spans of time in which it was archived, in their order. null: it still is. */
  archivals: readonly Archival[]
}

type Archival = { from: Instant; until: Instant | null }

/** A published content of a package, which never changes. */
export type PublishedVersion = {
  version: number
  publishedAt: Instant
  pricingType: PricingType
  parentKey: Uuid | null
  compatibleAddonKeys: readonly Uuid[]
  dependencyKeys: readonly Uuid[]
  maxQuantity: number | null
  defaultTrial: DefaultTrial | null
}

type PackageRow = Omit<PublishedPackage, 'versions'> & {
  /** null: it was never published. */
  content: PublishedVersion | null
}

const packageRow = row<PackageRow>({
  key: column.from('package_key', column.uuid),
  id: column.text,
  type: column.oneOf('Plan', 'Addon'),
  productKey: column.uuid,
  archivals: column.json<Archival[]>(),
  content: column.optional(
    'version',
    row<PublishedVersion>({
      version: column.integer,
      publishedAt: column.instant,
      pricingType: column.oneOf('FREE', 'PAID', 'CUSTOM'),
      parentKey: column.nullable(column.uuid),
      compatibleAddonKeys: column.json<Uuid[]>(),
      dependencyKeys: column.json<Uuid[]>(),
      maxQuantity: column.nullable(column.integer),
      defaultTrial: trialColumn,
    }),
  ),
})

export type PublishedQuery = {
  keys: readonly Uuid[]
  /** The versions that are needed although newer ones were published by `since`. */
  pins: readonly { packageKey: Uuid; version: number }[]
  since: Instant
}

/**
 * Returns packages by their keys, and the packages that these inherit from or depend on in any
 * version. Each has the pinned versions, the newest of those that were published by `since`, and
 * all that were published later.
 */
export async function findPublished(
  reader: Reader,
  { keys, pins, since }: PublishedQuery,
): Promise<PublishedPackage[]> {
  const at = sql`${instantToWire(since)}::timestamptz`
  const found = await reader.many(
    packageRow,
    sql`
    with recursive reached (package_key) as (
      select * from unnest(${keys}::uuid[])
      union
      select other.package_key
      from reached join package_versions v using (package_key)
        cross join lateral unnest(v.dependency_keys || v.parent_key) as other (package_key)
      where v.published_at is not null and other.package_key is not null
    )
    select p.package_key, p.id, p.type, p.product_key, (
        select coalesce(json_agg(json_build_object('from', ${milliseconds(sql`a.archived_at`)},
          'until', ${milliseconds(sql`a.unarchived_at`)}) order by a.number), '[]')
        from package_archivals a where a.package_key = p.package_key) as archivals,
      v.version, v.published_at, v.pricing_type, v.parent_key,
      to_json(coalesce(v.compatible_addon_keys, '{}')) as compatible_addon_keys,
      to_json(v.dependency_keys) as dependency_keys, v.max_quantity, v.default_trial
    from reached join packages p using (package_key)
      left join package_versions v on v.package_key = p.package_key
        and v.published_at is not null and (
          v.published_at > ${at}
          or v.version = (
            select max(earlier.version) from package_versions earlier
            where earlier.package_key = p.package_key and earlier.published_at <= ${at})
          or (v.package_key, v.version) in (select package_key, version from ${rows(pins, {
            package_key: ['uuid', ({ packageKey }) => packageKey],
            version: ['integer', ({ version }) => version],
          })} as pin))
    order by p.package_key, v.version`,
  )
  const byKey = Map.groupBy(found, ({ key }) => key)
  return [...byKey.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [withVersions(first, others)],
  )
}

const withVersions = (first: PackageRow, others: readonly PackageRow[]): PublishedPackage => {
  const { content: _, ...shared } = first
  const versions = [first, ...others].flatMap(({ content }) => (content === null ? [] : [content]))
  return { ...shared, versions }
}

/** What a request must know of a package to find out more. */
export type PackageName = Pick<PublishedPackage, 'key' | 'id' | 'type' | 'productKey'>

const nameRow = row<PackageName>({
  key: column.from('package_key', column.uuid),
  id: column.text,
  type: column.oneOf('Plan', 'Addon'),
  productKey: column.uuid,
})

/** Returns packages by their ids, in no particular order. */
export const findPackageNames = (
  reader: Reader,
  scope: Scope,
  ids: readonly string[],
): Promise<PackageName[]> =>
  reader.many(
    nameRow,
    sql`
    select package_key, id, type, product_key from packages
    where environment_key = ${scope.environmentKey}::uuid and id = any(${ids}::text[])`,
  )

const idRow = row({ packageKey: column.uuid, id: column.text })

/** Returns the ids of packages by their keys. */
export async function findPackageIds(
  reader: Reader,
  keys: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, string>> {
  const found = await reader.many(
    idRow,
    sql`select package_key, id from packages where package_key = any(${keys}::uuid[])`,
  )
  return new Map(found.map(({ packageKey, id }) => [packageKey, id]))
}
