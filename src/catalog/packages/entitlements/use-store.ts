import { column, type Reader, row, rowReader, type Sql, sql } from '../../../db/index.ts'
import type { Uuid } from '../../../kernel/ids.ts'
import type { Scope } from '../../../kernel/scope.ts'
import type { PackageUse } from '../../catalog-use.ts'

const useRow = row<PackageUse>({
  id: column.text,
  displayName: column.text,
  type: column.oneOf('Plan', 'Addon'),
})

/**
 * Returns the active packages whose draft or latest version has one of the entitlements `e` of
 * `found`, by id. The name is that of the latest version, or of the draft if nothing was published.
 */
const packagesWith = (scope: Scope, { found, limit }: { found: Sql; limit: number }): Sql => sql`
  select p.id, p.type, v.display_name
  from packages p
    cross join lateral (
      select display_name from package_versions
      where package_key = p.package_key
        and version = coalesce(p.latest_version, p.draft_version)
      limit 1) as v
  where p.environment_key = ${scope.environmentKey}::uuid and p.archived_at is null
    and p.package_key in (
      select e.package_key from package_entitlements e
        join packages own on own.package_key = e.package_key
      where ${found} and e.version in (own.draft_version, own.latest_version))
  order by p.id limit ${limit}::integer`

/** Those that grant the feature, or credits by its limit; at most 100. */
export const packagesWithFeature = rowReader(useRow, (scope: Scope, featureKey: Uuid) =>
  packagesWith(scope, {
    found: sql`(e.feature_key = ${featureKey}::uuid or e.dependency_key = ${featureKey}::uuid)`,
    limit: 100,
  }),
)

/** Those that grant credits of the currency; at most 1,000. */
export const packagesWithCurrency = rowReader(useRow, (scope: Scope, currencyKey: Uuid) =>
  packagesWith(scope, { found: sql`e.currency_key = ${currencyKey}::uuid`, limit: 1000 }),
)

const valueRow = row({ value: column.text })

/** Returns which of the values of a feature any version of a package grants, published or not. */
export const valuesOfPackages = async (
  reader: Reader,
  { featureKey, values }: { featureKey: Uuid; values: readonly string[] },
): Promise<string[]> => {
  const found = await reader.many(
    valueRow,
    sql`
    select value from package_entitlements
      cross join lateral unnest(enum_values) as granted (value)
    where feature_key = ${featureKey}::uuid and value = any(${values}::text[])
    group by value order by value collate "C"`,
  )
  return found.map(({ value }) => value)
}
