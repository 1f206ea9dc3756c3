import { column, type Reader, row, type Sql, sql, type Tx } from '../db/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { type Settings, UNKNOWN_DIMENSIONS } from './types.ts'

/** An SQL expression: what an environment does if a dimension names an unknown entity. */
export const unknownDimensionsOf = (environmentKey: Sql): Sql => sql`
  coalesce((
    select settings.unknown_dimensions from environment_settings settings
    where settings.environment_key = ${environmentKey}), 'ignore')`

/** An SQL expression: the origins from which browsers may write, as JSON. */
export const allowedOriginsOf = (environmentKey: Sql): Sql => sql`
  coalesce((
    select to_json(settings.allowed_origins) from environment_settings settings
    where settings.environment_key = ${environmentKey}), '[]')`

const settingsRow = row<Settings>({
  unknownDimensions: column.oneOf(...UNKNOWN_DIMENSIONS),
  allowedOrigins: column.json<string[]>(),
})

export async function findSettings(reader: Reader, scope: Scope): Promise<Settings> {
  const key = sql`${scope.environmentKey}::uuid`
  return reader.one(
    settingsRow,
    sql`
    select ${unknownDimensionsOf(key)} as unknown_dimensions,
      ${allowedOriginsOf(key)} as allowed_origins`,
  )
}

export const saveSettings = (tx: Tx, scope: Scope, settings: Settings): Promise<number> =>
  tx.execute(sql`
    insert into environment_settings (environment_key, unknown_dimensions, allowed_origins)
    values (${scope.environmentKey}::uuid, ${settings.unknownDimensions}::text,
      ${settings.allowedOrigins}::text[])
    on conflict (environment_key) do update set
      unknown_dimensions = excluded.unknown_dimensions,
      allowed_origins = excluded.allowed_origins`)
