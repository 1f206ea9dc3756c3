import { column, type Reader, row, sql, type Tx } from '../db/index.ts'
import type { Scope } from '../kernel/scope.ts'

/** Serialises the writes of an environment's catalog; taken before anything else. */
export const lockCatalog = (tx: Tx, scope: Scope) =>
  tx.execute(sql`
    select 1 from environments
    where environment_key = ${scope.environmentKey}::uuid for no key update`)

/** Tells whoever remembers features or currencies of the environment that they differ now. */
export const bumpCatalogVersion = (tx: Tx, scope: Scope) =>
  tx.execute(sql`
    insert into catalog_versions (environment_key, version)
    values (${scope.environmentKey}::uuid, 1)
    on conflict (environment_key) do update set version = catalog_versions.version + 1`)

const versionRow = row({ version: column.bigint })

/** Grows with every change of the environment's features and currencies; 0 before the first. */
export const catalogVersion = async (reader: Reader, scope: Scope): Promise<bigint> =>
  (
    await reader.one(
      versionRow,
      sql`
      select coalesce((
        select version from catalog_versions
        where environment_key = ${scope.environmentKey}::uuid), 0) as version`,
    )
  ).version
