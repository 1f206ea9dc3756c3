import { column, type Reader, readValue, type Sql, sql, type Tx } from '../db/index.ts'
import { NO_VERSION, newVersion, type Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'

export const inEnvironment = (scope: Scope): Sql =>
  sql`environment_key = ${scope.environmentKey}::uuid`

/** Serializes the writes of an environment's catalog. Lock this before anything else. */
export const lockCatalog = (tx: Tx, scope: Scope) =>
  tx.execute(sql`
    select 1 from environments where ${inEnvironment(scope)} for no key update`)

/**
 * Keeps an environment's catalog as it is. What is published or archived comes before or after this
 * transaction. Hold it before anything else.
 */
export const holdCatalog = (tx: Tx, scope: Scope) =>
  tx.execute(sql`select 1 from environments where ${inEnvironment(scope)} for share`)

/** Call this after each change of features or currencies. Caches compare the version. */
export const renewCatalogVersion = (tx: Tx, scope: Scope) =>
  tx.execute(sql`
    insert into catalog_versions as known (environment_key, structure_version)
    values (${scope.environmentKey}::uuid, ${newVersion()}::uuid)
    on conflict (environment_key) do update set
      structure_version = excluded.structure_version, version = known.version + 1`)

/** The version of an environment's features and currencies; an expression. */
export const catalogVersionOf = (environmentKey: Sql): Sql => sql`
  coalesce((
    select structure_version from catalog_versions
    where environment_key = ${environmentKey}), ${NO_VERSION}::uuid)`

/** Returns the version of an environment's features and currencies; `NO_VERSION` before any. */
export const catalogVersion = (reader: Reader, scope: Scope): Promise<Uuid> =>
  readValue(
    reader,
    column.uuid,
    sql`select ${catalogVersionOf(sql`${scope.environmentKey}::uuid`)}`,
  )
