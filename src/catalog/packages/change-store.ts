import { rows, rowWriter, sql, type Tx } from '../../db/index.ts'
import { foldCase } from '../../kernel/fold-case.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { trialToSql } from './trial-column.ts'
import type { Package, PackageAtVersion, Reference, VersionKey } from './types.ts'

/** Inserts or updates a package and the version that comes with it. */
export async function savePackage(tx: Tx, scope: Scope, saved: PackageAtVersion): Promise<void> {
  await savePackages(tx, scope, [saved])
  await saveVersions(tx, scope, [saved])
}

/** Inserts or updates packages without their versions. */
export async function savePackages(
  tx: Tx,
  scope: Scope,
  packages: readonly Package[],
): Promise<void> {
  await saveStates(tx, scope, packages)
  await beginArchivals(
    tx,
    scope,
    packages.filter(({ archivedAt }) => archivedAt !== null),
  )
  await endArchivals(
    tx,
    scope,
    packages.filter(({ archivedAt }) => archivedAt === null),
  )
}

const saveStates = rowWriter<Scope, Package>(
  (scope, packages) => sql`
    insert into packages (package_key, environment_key, product_key, type, id, latest_version,
      draft_version, created_at, updated_at, archived_at, archived_with_product)
    select key, ${scope.environmentKey}::uuid, product_key, type, id, latest_version,
      draft_version, created_at, updated_at, archived_at, archived_with_product
    from ${rows(packages, {
      key: ['uuid', ({ key }) => key],
      product_key: ['uuid', ({ product }) => product.key],
      type: ['text', ({ type }) => type],
      id: ['text', ({ id }) => id],
      latest_version: ['integer', ({ latestVersion }) => latestVersion],
      draft_version: ['integer', ({ draftVersion }) => draftVersion],
      created_at: ['timestamptz', ({ createdAt }) => createdAt],
      updated_at: ['timestamptz', ({ updatedAt }) => updatedAt],
      archived_at: ['timestamptz', ({ archivedAt }) => archivedAt],
      archived_with_product: ['boolean', ({ isArchivedWithProduct }) => isArchivedWithProduct],
    })} as given
    on conflict (package_key) do update set
      latest_version = excluded.latest_version, draft_version = excluded.draft_version,
      updated_at = excluded.updated_at, archived_at = excluded.archived_at,
      archived_with_product = excluded.archived_with_product`,
)

/** The history of `archivedAt`: from when until when packages were archived. */
const beginArchivals = rowWriter<Scope, Package>(
  (scope, packages) => sql`
    insert into package_archivals (package_key, number, environment_key, archived_at)
    select key, (
        select coalesce(max(number), 0) + 1 from package_archivals where package_key = key),
      ${scope.environmentKey}::uuid, archived_at
    from ${rows(packages, {
      key: ['uuid', ({ key }) => key],
      archived_at: ['timestamptz', ({ archivedAt }) => archivedAt],
    })} as given
    on conflict (package_key) where unarchived_at is null do nothing`,
)

const endArchivals = rowWriter<Scope, Package>(
  (_, packages) => sql`
    update package_archivals set unarchived_at = updated_at
    from ${rows(packages, {
      key: ['uuid', ({ key }) => key],
      updated_at: ['timestamptz', ({ updatedAt }) => updatedAt],
    })} as given
    where package_key = key and unarchived_at is null`,
)

const keysOf = (references: readonly Reference[]): Uuid[] => references.map(({ key }) => key)

/** Inserts or updates versions of packages. */
export const saveVersions = rowWriter<Scope, PackageAtVersion>(
  (scope, versions) => sql`
    insert into package_versions (version_key, package_key, version, environment_key, display_name,
      folded_name, description, billing_id, pricing_type, parent_key, compatible_addon_keys,
      default_trial, max_quantity, dependency_keys, metadata, created_at, updated_at, published_at,
      listed_type)
    select version_key, package_key, version, ${scope.environmentKey}::uuid, display_name,
      folded_name, description, billing_id, pricing_type, parent_key, compatible_addon_keys,
      default_trial, max_quantity, dependency_keys, metadata, created_at, updated_at, published_at,
      listed_type
    from ${rows(versions, {
      version_key: ['uuid', ({ content }) => content.key],
      package_key: ['uuid', ({ key }) => key],
      version: ['integer', ({ content }) => content.version],
      display_name: ['text', ({ content }) => content.displayName],
      folded_name: ['text', ({ content }) => foldCase(content.displayName)],
      description: ['text', ({ content }) => content.description],
      billing_id: ['text', ({ content }) => content.billingId],
      pricing_type: ['text', ({ content }) => content.pricingType],
      parent_key: ['uuid', ({ content }) => content.parent?.key ?? null],
      compatible_addon_keys: [
        'uuid[]',
        ({ content }) => content.compatibleAddons && keysOf(content.compatibleAddons),
      ],
      default_trial: ['jsonb', ({ content }) => trialToSql(content.defaultTrial)],
      max_quantity: ['integer', ({ content }) => content.maxQuantity],
      dependency_keys: ['uuid[]', ({ content }) => keysOf(content.dependencies)],
      metadata: ['jsonb', ({ content }) => JSON.stringify(content.metadata)],
      created_at: ['timestamptz', ({ content }) => content.createdAt],
      updated_at: ['timestamptz', ({ content }) => content.updatedAt],
      published_at: ['timestamptz', ({ content }) => content.publishedAt],
      listed_type: ['text', ({ type }) => type],
    })} as given
    on conflict (package_key, version) do update set
      display_name = excluded.display_name, folded_name = excluded.folded_name,
      description = excluded.description, billing_id = excluded.billing_id,
      pricing_type = excluded.pricing_type, parent_key = excluded.parent_key,
      compatible_addon_keys = excluded.compatible_addon_keys,
      default_trial = excluded.default_trial, max_quantity = excluded.max_quantity,
      dependency_keys = excluded.dependency_keys, metadata = excluded.metadata,
      updated_at = excluded.updated_at, published_at = excluded.published_at`,
)

/** Takes a version out of lists, because another one is the latest now. */
export const supersede = (tx: Tx, packageKey: Uuid, version: number) =>
  tx.execute(sql`
    update package_versions set listed_type = null
    where package_key = ${packageKey}::uuid and version = ${version}::integer`)

/** Deletes drafts. Their packages must have been saved without them. */
export const deleteDrafts = rowWriter<null, VersionKey>(
  (_, drafts) => sql`
    delete from package_versions
    where (package_key, version) in (select package_key, version from ${rows(drafts, {
      package_key: ['uuid', ({ packageKey }) => packageKey],
      version: ['integer', ({ version }) => version],
    })} as given)`,
)

/** Deletes a package that was never published, with its draft. */
export const deletePackage = (tx: Tx, packageKey: Uuid) =>
  tx.execute(sql`delete from packages where package_key = ${packageKey}::uuid`)
