import type pg from 'pg'
import type { DecodeRow } from './decode.ts'
import type { Epochs } from './epochs.ts'
import type { Look } from './look.ts'
import type { HeavyRead, Share } from './share.ts'
import type { Sql } from './sql.ts'

/**
 * Can only read. Outside of a transaction, each statement sees what was committed when it began.
 */
export type Reader = {
  many<T>(decode: DecodeRow<T>, statement: Sql): Promise<T[]>
  maybeOne<T>(decode: DecodeRow<T>, statement: Sql): Promise<T | null>
  /** For a statement that returns exactly one row. Anything else is our defect. */
  one<T>(decode: DecodeRow<T>, statement: Sql): Promise<T>
}

/** A transaction that may write. It is unusable once it has ended. */
export type Tx = Reader & {
  /** Runs a statement for its effect. Returns how many rows it changed. */
  execute(statement: Sql): Promise<number>
}

export type Database = {
  /** Begins an epoch whenever sessions lead to another database. */
  readonly epochs: Epochs
  readonly read: Reader
  /**
   * Reads with several statements that all see the instant of the first one. With `plans: 'cached'`
   * PostgreSQL uses cached generic plans. Use it for frequent statements that always have the same
   * best plan, where planning takes longer than running.
   */
  snapshot<T>(work: (reader: Reader) => Promise<T>, options?: { plans?: 'cached' }): Promise<T>
  /**
   * Runs `work` in one transaction (read committed) and commits. After a deadlock or serialization
   * failure `work` is run again, up to 4 times, so it must have no effect outside of the
   * transaction. 503 if the database is unreachable, busy or read-only.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>
  /**
   * Runs one statement as a transaction of its own, in one round trip. It may run on another
   * database than the last one, so the statement itself must fail there. If the database of the
   * session has been replaced meanwhile, `isDurable` is asked. Errors as `transaction`. Other
   * errors of the database are thrown as they are.
   */
  write(statement: Sql, options: Required<Pick<TransactionOptions, 'isDurable'>>): Promise<void>
  /**
   * Runs reads that may take long. They may use only some of the connections, so that the others
   * stay free for short statements. All reads of `work` use the same connection. When the caller
   * disconnects, the running statement is cancelled. 429 or 503 if too many heavy reads are
   * running or waiting.
   */
  heavy<T>(reading: HeavyRead, work: (db: Database) => Promise<T>): Promise<T>
  /** Lends a connection for statements that belong to no module, such as health checks. */
  withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T>
  /** Returns what a session reports about its server now. */
  look(): Promise<Look>
  counts(): { total: number; idle: number; waiting: number; heavy: ReturnType<Share['counts']> }
  close(): Promise<void>
}

export type TransactionOptions = {
  /**
   * Returns whether the last run of the work was committed. It is called when the response to
   * COMMIT is lost. It must wait for the end of that transaction, by taking a lock that the work
   * also takes, and then look for a row that the work wrote. If the work was committed, its result
   * is returned. Otherwise the work is run again. Without this function, the caller gets a 503 and
   * cannot know whether the work was committed.
   */
  isDurable?: (tx: Tx) => Promise<boolean>
  /** As for `snapshot`. */
  plans?: 'cached'
}
