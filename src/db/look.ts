import type pg from 'pg'
import type { Clock } from '../kernel/clock.ts'
import type { ClockReading } from '../kernel/watched-clock.ts'
import { type Sql, sql } from './sql.ts'

/** What a session says of the server that it is on. */
export type Look = {
  /**
   * Which database it is, for comparison alone: the process that serves it, and its number there.
   * Another system identifier or timeline comes with another process, or with the end of recovery,
   * before which nothing can be written.
   */
  database: string
  /** What the server's clock says. */
  clock: ClockReading
  /** Whether anything can be written there: no standby, and not told to be read-only. */
  isWritable: boolean
}

/**
 * The time by the database's own clock, an expression: what is forgotten at an instant must be old
 * by both clocks. A test clock goes where it likes, and nothing holds it back.
 */
export const databaseClock = ({ isTest }: Clock): Sql =>
  isTest ? sql`'infinity'::timestamptz` : sql`date_trunc('milliseconds', statement_timestamp())`

/** Milliseconds for the answer: one that comes later tells nothing of a clock. */
const TIMEOUT_MS = 5000

const STATEMENT = `
  select (extract(epoch from clock_timestamp()) * 1000)::bigint as now,
    concat_ws(' ', extract(epoch from pg_postmaster_start_time()),
      (select oid from pg_database where datname = current_database())) as database,
    not pg_is_in_recovery()
      and not current_setting('transaction_read_only')::boolean as is_writable`

/** Asks a session what it is on. One round trip. */
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

/** An error as PostgreSQL's own for a connection that has failed. */
export const takenOver = (): Error =>
  Object.assign(new Error('another database has come for that of the session'), { code: '08006' })

/** An error as PostgreSQL's own when something is about to be written on a session that cannot. */
export const cannotWrite = (): Error =>
  Object.assign(new Error('the database is a standby or read-only'), { code: '25006' })
