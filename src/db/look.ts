import type pg from 'pg'
import type { Clock } from '../kernel/clock.ts'
import type { ClockReading } from '../kernel/watched-clock.ts'
import { type Sql, sql } from './sql.ts'

/** What a session reports about its server. */
export type Look = {
  /**
   * Identifies the database, for comparison only: the start time of the server process, and the
   * OID of the database. This is enough, because the system identifier or timeline changes only
   * with a new process or at the end of recovery, and before that nothing can be written.
   */
  database: string
  /** The time of the server's clock. */
  clock: ClockReading
  /** Whether the database can be written to: it is not a standby and not set to read-only. */
  isWritable: boolean
}

/**
 * Returns an SQL expression for the time of the database's clock. What is deleted must be due both
 * by the application's clock and by this one, that is by the earlier of both times. A test clock
 * may be set to any time, so with it the expression is `infinity`, which is never the earlier one.
 */
export const databaseClock = ({ isTest }: Clock): Sql =>
  isTest ? sql`'infinity'::timestamptz` : sql`date_trunc('milliseconds', statement_timestamp())`

/** In milliseconds. The response contains a time, which would be of no use if it took longer. */
const TIMEOUT_MS = 5000

const STATEMENT = `
  select (extract(epoch from clock_timestamp()) * 1000)::bigint as now,
    concat_ws(' ', extract(epoch from pg_postmaster_start_time()),
      (select oid from pg_database where datname = current_database())) as database,
    not pg_is_in_recovery()
      and not current_setting('transaction_read_only')::boolean as is_writable`

/** Reads the state of a session's server, in one round trip. */
export async function lookAt(client: pg.ClientBase): Promise<Look> {
  const askedAtMs = performance.now()
  const { rows } = await client.query<Record<'now' | 'database' | 'is_writable', string>>({
    text: STATEMENT,
    query_timeout: TIMEOUT_MS,
  } as pg.QueryConfig)
  const answeredAtMs = performance.now()
  const theirs = Number(rows[0]?.now)
  return {
    database: rows[0]?.database ?? '',
    clock: { theirs, askedAtMs, answeredAtMs },
    isWritable: rows[0]?.is_writable === 't',
  }
}

/** Returns an error with the SQLSTATE of a failed connection. */
export const databaseReplacedError = (): Error =>
  Object.assign(new Error('another database has replaced that of the session'), { code: '08006' })

/** Returns an error with the SQLSTATE of a write in a read-only transaction. */
export const readOnlyError = (): Error =>
  Object.assign(new Error('the database is a standby or read-only'), { code: '25006' })
