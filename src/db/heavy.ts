import type pg from 'pg'
import { cancelStatement } from './cancel.ts'
import { readerOver, readOn, send } from './client.ts'
import { callerDisconnected } from './share.ts'
import type { Sql } from './sql.ts'
import type { StatementResult } from './statement-query.ts'
import type { Database } from './types.ts'

/**
 * Runs `work` with a database whose reads all use this connection. When the caller disconnects, the
 * running statement is cancelled and no more are sent. This function returns only when no
 * cancellation can arrive any more and the connection is outside of any transaction. Transactions
 * of `work` use other connections of the pool.
 */
export async function readOnOneConnection<T>(
  client: pg.PoolClient,
  { database, signal }: { database: Database; signal: AbortSignal },
  work: (db: Database) => Promise<T>,
): Promise<T> {
  let inFlight = 0
  let cancelled: Promise<void> = Promise.resolve()
  // A cancellation ends only one statement, and others may have been sent behind it. So `cancel`
  // is called again after each of them.
  const cancel = () => {
    if (signal.aborted && inFlight > 0)
      cancelled = cancelled.then(() => cancelStatement(client)).catch(ignore)
  }
  const run = async (statement: Sql): Promise<StatementResult> => {
    if (signal.aborted) throw callerDisconnected()
    inFlight += 1
    try {
      return await send(client, statement)
    } catch (error) {
      throw signal.aborted ? callerDisconnected() : error
    } finally {
      inFlight -= 1
      cancel()
    }
  }
  signal.addEventListener('abort', cancel)
  try {
    return await work(databaseOn(client, { database, run }))
  } finally {
    signal.removeEventListener('abort', cancel)
    if (signal.aborted) {
      // This response comes after those of all other statements. A late cancellation may hit this
      // ROLLBACK itself, so there is a second one after the last cancellation.
      await client.query('rollback').catch(ignore)
      await cancelled
      await client.query('rollback')
    }
  }
}

const ignore = () => {}

/** Snapshots are transactions of the same connection, so they run one after the other. */
function databaseOn(
  client: pg.PoolClient,
  { database, run }: { database: Database; run: (statement: Sql) => Promise<StatementResult> },
): Database {
  let last: Promise<unknown> = Promise.resolve()
  const reading: Database = {
    ...database,
    read: readerOver(run),
    snapshot: (work, { plans } = {}) => {
      const own = last.then(() => readOn(client, { run, plans }, work))
      last = own.catch(ignore)
      return own
    },
    heavy: (_, work) => work(reading),
  }
  return reading
}
