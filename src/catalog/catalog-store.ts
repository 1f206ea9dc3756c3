import { column, type Reader, row, type Sql, sql, type Tx } from '../db/index.ts'
import type { Scope } from '../kernel/scope.ts'

export const inEnvironment = (scope: Scope): Sql =>
  sql`environment_key = ${scope.environmentKey}::uuid`

/**
 * The turn of a transaction that writes to the catalog: its writers wait for each other in a queue
 * rather than with a connection each.
 */
export const catalogTurn = (scope: Scope): string => `${scope.environmentKey} catalog`

/** Serialises the writes of an environment's catalog; taken before anything else. */
export const lockCatalog = (tx: Tx, scope: Scope) =>
  tx.execute(sql`
    select 1 from environments where ${inEnvironment(scope)} for no key update`)

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
        select version from catalog_versions where ${inEnvironment(scope)}), 0) as version`,
    )
  ).version
