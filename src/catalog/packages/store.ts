import {
  column,
  pageReader,
  type Reader,
  readValue,
  row,
  type Sql,
  sql,
  type Tx,
  togetherReader,
} from '../../db/index.ts'
import type { CreatedRange } from '../../kernel/created-range.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Metadata } from '../../kernel/metadata.ts'
import type { Page, PageRequest } from '../../kernel/page.ts'
import type { Scope } from '../../kernel/scope.ts'
import { referencesJson } from './entitlements/store.ts'
import { trialColumn } from './trial-column.ts'
import type {
  PackageAtVersion,
  PackageStatus,
  PackageType,
  PackageVersion,
  PricingType,
  Reference,
  Target,
  VersionKey,
} from './types.ts'

const contentRow = row<PackageVersion>({
  key: column.from('version_key', column.uuid),
  version: column.integer,
  displayName: column.text,
  description: column.nullable(column.text),
  billingId: column.nullable(column.text),
  pricingType: column.nullable(column.oneOf('FREE', 'PAID', 'CUSTOM')),
  parent: column.nullable(column.json<Reference>()),
  compatibleAddons: column.nullable(column.json<Reference[]>()),
  defaultTrial: trialColumn,
  maxQuantity: column.nullable(column.integer),
  dependencies: column.json<Reference[]>(),
  entitlements: column.json<Target[]>(),
  metadata: column.json<Metadata>(),
  createdAt: column.from('version_created_at', column.instant),
  updatedAt: column.from('version_updated_at', column.instant),
  publishedAt: column.nullable(column.instant),
})

const packageRow = row<PackageAtVersion>({
  key: column.from('package_key', column.uuid),
  id: column.text,
  type: column.oneOf('Plan', 'Addon'),
  product: column.json<Reference>(),
  latestVersion: column.nullable(column.integer),
  draftVersion: column.nullable(column.integer),
  createdAt: column.instant,
  updatedAt: column.instant,
  archivedAt: column.nullable(column.instant),
  isArchivedWithProduct: column.from('archived_with_product', column.boolean),
  content: column.group(contentRow),
})

/** The keys and ids of packages as a JSON list, in the order of `keys`. */
const referencesTo = (keys: Sql): Sql => sql`
  (select coalesce(json_agg(json_build_object('key', named.package_key, 'id', named.id)
    order by place), '[]')
  from unnest(${keys}) with ordinality as list (package_key, place)
  cross join lateral (
    select package_key, id from packages
    where packages.package_key = list.package_key offset 0) as named)`

const packageColumns = sql`
    p.package_key, p.id, p.type, p.latest_version, p.draft_version, p.created_at,
    p.updated_at, p.archived_at, p.archived_with_product,
    (select json_build_object('key', named.product_key, 'id', named.id)
      from products as named where named.product_key = p.product_key) as product,
    v.version_key, v.version, v.display_name, v.description, v.billing_id, v.pricing_type,
    (select json_build_object('key', named.package_key, 'id', named.id)
      from packages as named where named.package_key = v.parent_key) as parent,
    case when v.compatible_addon_keys is not null
      then ${referencesTo(sql`v.compatible_addon_keys`)} end as compatible_addons,
    v.default_trial, v.max_quantity, ${referencesTo(sql`v.dependency_keys`)} as dependencies,
    ${referencesJson(sql`v.package_key`, sql`v.version`)} as entitlements,
    v.metadata, v.created_at as version_created_at, v.updated_at as version_updated_at,
    v.published_at`

const selectPackages = sql`
  select ${packageColumns}
  from packages as p join package_versions as v on v.package_key = p.package_key`

/** Returns the key of the version that comes with a package. */
export const versionOf = ({ key, content }: PackageAtVersion): VersionKey => ({
  packageKey: key,
  version: content.version,
})

/** Which version of a package to read. Every package has one to show and one to change. */
export type VersionChoice = 'LATEST_FIRST' | 'DRAFT_FIRST'

/** The latest version is shown; the draft is changed. If there is none, the other one is used. */
const VERSION_CHOICES: { readonly [Choice in VersionChoice]: Sql } = {
  LATEST_FIRST: sql`coalesce(p.latest_version, p.draft_version)`,
  DRAFT_FIRST: sql`coalesce(p.draft_version, p.latest_version)`,
}

const ofType = (type: PackageType | null): Sql =>
  type === null ? sql`` : sql`and p.type = ${type}::text`

type PackageQuery = { type: PackageType | null; ids: readonly string[]; version: VersionChoice }

const withIds = (scope: Scope, { type, ids, version }: PackageQuery): Sql => sql`
  ${selectPackages}
  where p.environment_key = ${scope.environmentKey}::uuid and p.id = any(${ids}::text[])
    ${ofType(type)} and v.version = ${VERSION_CHOICES[version]}`

/** Returns packages with these ids, archived ones too, in no particular order. */
export const findPackages = (reader: Reader, scope: Scope, query: PackageQuery) =>
  reader.many(packageRow, withIds(scope, query))

/** Returns packages with these ids as they can be changed, locked. Lock the catalog first. */
export const lockPackages = (tx: Tx, scope: Scope, type: PackageType, ids: readonly string[]) =>
  tx.many(
    packageRow,
    sql`
    ${withIds(scope, { type, ids, version: 'DRAFT_FIRST' })}
    order by p.package_key for update of p`,
  )

/** Returns one package of any environment, which must exist, locked. Lock the catalog first. */
export const lockPackageByKey = (
  tx: Tx,
  key: Uuid,
  version: VersionChoice,
): Promise<PackageAtVersion> =>
  tx.one(
    packageRow,
    sql`
    ${selectPackages} where p.package_key = ${key}::uuid
      and v.version = ${VERSION_CHOICES[version]} for update of p`,
  )

/** Packages of a product: those that are not archived, or those that were archived with it. */
export type PackageSet = 'ACTIVE' | 'ARCHIVED_WITH_PRODUCT'

const IN_SETS: { readonly [Set in PackageSet]: Sql } = {
  ACTIVE: sql`p.archived_at is null`,
  ARCHIVED_WITH_PRODUCT: sql`p.archived_with_product`,
}

/** A version of a package, and whether it is the one that reads of the package show. */
export type CurrentVersion = PackageAtVersion & { isShown: boolean }

const currentRow = row<{ isShown: boolean; of: PackageAtVersion }>({
  isShown: column.boolean,
  of: column.group(packageRow),
})

/**
 * Returns the latest versions and the drafts of packages of a product, locked: in the order of the
 * packages, and the draft last. Null if their metadata is too large to load at once. Lock the
 * catalog first.
 */
export const lockPackagesOf = togetherReader(
  currentRow,
  (productKey: Uuid, set: PackageSet) => sql`
    select v.version = coalesce(p.latest_version, p.draft_version) as is_shown, ${packageColumns}
    from packages as p
      cross join lateral unnest(array[p.latest_version, p.draft_version]) as current (number)
      cross join lateral (
        select * from package_versions
        where package_versions.package_key = p.package_key
          and package_versions.version = current.number offset 0) as v
    where p.product_key = ${productKey}::uuid and ${IN_SETS[set]}
    order by p.package_key, v.version for update of p`,
)

/** What rules must know of the draft or the latest version of a package of a product. */
export type Peer = {
  key: Uuid
  id: string
  type: PackageType
  isArchived: boolean
  /** Whether the package was ever published. */
  isPublished: boolean
  pricingType: PricingType | null
  parentKey: Uuid | null
  compatibleAddonKeys: readonly Uuid[]
  dependencyKeys: readonly Uuid[]
}

const peerRow = row<Peer>({
  key: column.from('package_key', column.uuid),
  id: column.text,
  type: column.oneOf('Plan', 'Addon'),
  isArchived: column.boolean,
  isPublished: column.boolean,
  pricingType: column.nullable(column.oneOf('FREE', 'PAID', 'CUSTOM')),
  parentKey: column.nullable(column.uuid),
  compatibleAddonKeys: column.json<Uuid[]>(),
  dependencyKeys: column.json<Uuid[]>(),
})

/**
 * Returns the latest versions and the drafts of all packages of a product, the oldest package
 * first, and its draft last.
 */
export const peersIn = (reader: Reader, productKey: Uuid): Promise<Peer[]> =>
  reader.many(
    peerRow,
    sql`
    select p.package_key, p.id, p.type, p.archived_at is not null as is_archived,
      p.latest_version is not null as is_published, v.pricing_type, v.parent_key,
      to_json(coalesce(v.compatible_addon_keys, '{}')) as compatible_addon_keys,
      to_json(v.dependency_keys) as dependency_keys
    from packages as p
      cross join lateral unnest(array[p.latest_version, p.draft_version]) as current (version)
      cross join lateral (
        select * from package_versions as v
        where v.package_key = p.package_key and v.version = current.version offset 0) as v
    where p.product_key = ${productKey}::uuid order by p.package_key, v.version`,
  )

/** Returns the keys of all plans of a product. */
export const planKeysOf = (reader: Reader, productKey: Uuid): Promise<Uuid[]> =>
  reader.many(
    ({ package_key }) => String(package_key),
    sql`
    select package_key from packages
    where product_key = ${productKey}::uuid and type = 'Plan' order by package_key`,
  )

/** Returns which of the ids plans or add-ons of the environment have, archived ones too. */
export const idsTaken = (reader: Reader, scope: Scope, ids: readonly string[]) =>
  reader.many(
    ({ id }) => String(id),
    sql`
    select found.id from unnest((select ${ids}::text[])) as asked (id)
      cross join lateral (
        select packages.id from packages
        where environment_key = ${scope.environmentKey}::uuid and packages.id = asked.id
        offset 0) as found
    order by found.id`,
  )

export const countPackages = (reader: Reader, productKey: Uuid): Promise<number> =>
  readValue(
    reader,
    column.integer,
    sql`select count(*) from packages where product_key = ${productKey}::uuid`,
  )

/** Null values do not filter. */
export type PackageFilter = {
  type: PackageType
  productId: string | null
  statuses: readonly PackageStatus[] | null
  created: CreatedRange
  page: PageRequest
}

const listRow = row<{ key: Uuid; of: PackageAtVersion }>({
  key: column.from('version_key', column.uuid),
  of: column.group(packageRow),
})

/**
 * The keys of the drafts and latest versions of a product, at most two of each package. The rows of
 * the list are looked up by these, however many versions were superseded.
 */
const currentVersionsOf = (scope: Scope, productId: string): Sql => sql`
  select current.version_key
  from products as sold
    join packages as member on member.product_key = sold.product_key
    cross join lateral unnest(array[member.latest_version, member.draft_version]) as one (number)
    cross join lateral (
      select version_key from package_versions
      where package_versions.package_key = member.package_key
        and package_versions.version = one.number offset 0) as current
  where sold.environment_key = ${scope.environmentKey}::uuid and sold.id = ${productId}::text`

/** A package with a draft and a published version is listed twice. */
export const listPackages: (
  reader: Reader,
  scope: Scope,
  filter: PackageFilter,
) => Promise<Page<{ key: Uuid; of: PackageAtVersion }>> = pageReader(
  (scope: Scope, filter: PackageFilter) => ({
    row: listRow,
    select: selectPackages,
    table: sql`packages as p join package_versions as v on v.package_key = p.package_key`,
    // A version that was superseded may still be a cursor.
    of: sql`v.environment_key = ${scope.environmentKey}::uuid and p.type = ${filter.type}::text`,
    where: [
      sql`v.listed_type = ${filter.type}::text`,
      filter.productId === null
        ? null
        : sql`v.version_key = any(array(${currentVersionsOf(scope, filter.productId)}))`,
      filter.statuses &&
        sql`case when p.archived_at is not null then 'ARCHIVED'
          when v.published_at is null then 'DRAFT' else 'PUBLISHED' end
          = any(${filter.statuses}::text[])`,
    ],
    created: filter.created,
    large: [
      sql`display_name`,
      sql`description`,
      sql`billing_id`,
      sql`compatible_addons`,
      sql`dependencies`,
      sql`entitlements`,
      sql`metadata`,
    ],
    key: sql`v.version_key`,
    page: filter.page,
  }),
)
