import type pg from 'pg'
import type { DecodeRow } from './decode.ts'
import type { Epochs } from './epochs.ts'
import type { Look } from './look.ts'
import type { HeavyRead, Share } from './share.ts'
import type { Sql } from './sql.ts'

/** Reads. Outside a transaction each statement sees what was committed when it began. */
export type Reader = {
  many<T>(decode: DecodeRow<T>, statement: Sql): Promise<T[]>
  maybeOne<T>(decode: DecodeRow<T>, statement: Sql): Promise<T | null>
  /** Exactly one row; anything else is our defect. */
  one<T>(decode: DecodeRow<T>, statement: Sql): Promise<T>
}

/** A transaction that may write. It is unusable once it has ended. */
export type Tx = Reader & {
  /** Runs a statement for its effect; answers how many rows it touched. */
  execute(statement: Sql): Promise<number>
}

export type Database = {
  /** Which database it is, as far as sessions have shown. */
  readonly epochs: Epochs
  readonly read: Reader
  /**
   * Reads with several statements that all see the same instant: that of the first. `plans` that
   * are `kept` are those for any values: for what is asked very often and in one way only, planning
   * would take longer than running.
   */
  snapshot<T>(work: (reader: Reader) => Promise<T>, options?: { plans?: 'kept' }): Promise<T>
  /**
   * Runs `work` in one transaction (read committed) and commits. Runs it again, at most four times
   * more, when PostgreSQL ends it for a deadlock or a serialisation failure: `work` must have no
   * effect outside the transaction. Throws an `ApiError` 503 when the database is out of reach.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>
  /**
   * Reads what may take long: with one of the connections that such reads share among themselves,
   * so that the others are always free for what is short. All of `work` reads by that one. When the
   * caller leaves, the statement that runs is cancelled. 429 and 503 as `Share` says.
   */
  heavy<T>(reading: HeavyRead, work: (db: Database) => Promise<T>): Promise<T>
  /** Runs statements that stand outside any module: migrations, health, listening. */
  withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T>
  /** What a session says now of the server that it is on. */
  look(): Promise<Look>
  counts(): { total: number; idle: number; waiting: number; heavy: ReturnType<Share['counts']> }
  close(): Promise<void>
}

export type TransactionOptions = {
  /**
   * Tells whether the last run of the work has been committed, for a COMMIT whose answer was lost:
   * it waits for the end of that transaction, by a lock that the work takes, and looks for
   * something that it wrote. Without it the caller gets 503 and cannot know; with it the work is
   * answered, or run again.
   */
  isDurable?: (tx: Tx) => Promise<boolean>
}
