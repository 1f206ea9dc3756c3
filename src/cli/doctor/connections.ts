import { column, type Reader, row, sql } from '../../db/index.ts'
import { type Finding, findingsOf } from './finding.ts'

const { ok, warning } = findingsOf('Database')

const writingRow = row({ isStandby: column.boolean, isReadOnly: column.boolean })

/** Checks whether the database can be written to. */
export async function lookAtWriting(reader: Reader): Promise<Finding> {
  const { isStandby, isReadOnly } = await reader.one(
    writingRow,
    sql`
    select pg_is_in_recovery() as is_standby,
      current_setting('transaction_read_only')::boolean as is_read_only`,
  )
  if (isStandby)
    return warning(
      { name: 'writing', value: 'a standby' },
      'servers do not use it: set DATABASE_URL to the primary',
    )
  if (isReadOnly)
    return warning(
      { name: 'writing', value: 'read-only' },
      'servers do not use it: default_transaction_read_only is on for its database or user',
    )
  return ok('writing', 'possible')
}

const limitRow = row({ limit: column.from('room', column.integer), others: column.integer })

/**
 * How many connections this user may open to this database, and how many are open by others than
 * Bursar. Reserved connections do not count. A limit of -1 means no limit.
 */
const LIMIT = sql`
  select least(
      current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer
        - coalesce(current_setting('reserved_connections', true), '0')::integer,
      nullif((select datconnlimit from pg_database where datname = current_database()), -1),
      nullif((select rolconnlimit from pg_roles where rolname = current_user), -1)) as room,
    (select count(*) from pg_stat_activity
      where backend_type = 'client backend' and application_name <> 'bursar') as others`

/** A server needs the connections of its pool, one to listen, and one more while it starts. */
export async function lookAtConnections(reader: Reader, poolSize: number): Promise<Finding> {
  const { limit, others } = await reader.one(limitRow, LIMIT)
  const wanted = poolSize + 2
  const found = { name: 'connections', value: `${limit} in all, ${others} used by others` }
  return limit - others < wanted
    ? warning(
        found,
        `a server wants ${wanted}: raise the limit, or lower BURSAR_DATABASE_POOL; requests wait`,
      )
    : ok(found.name, found.value)
}
