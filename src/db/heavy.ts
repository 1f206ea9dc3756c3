import type pg from 'pg'
import { cancelStatement } from './cancel.ts'
import { type Answer, readerOver, readOn, send } from './client.ts'
import { callerLeft } from './share.ts'
import type { Sql } from './sql.ts'
import type { Database } from './types.ts'

/**
 * Lets work read by one connection until the caller leaves: then what runs is cancelled, nothing
 * more is sent, and the connection is free, and clean, only once no cancellation can come any more.
 * Writes go by the database.
 */
export async function readByOne<T>(
  client: pg.PoolClient,
  { database, signal }: { database: Database; signal: AbortSignal },
  work: (db: Database) => Promise<T>,
): Promise<T> {
  let underway = 0
  let cancelled: Promise<void> = Promise.resolve()
  // A cancellation ends one statement; behind it others may have been sent.
  const cancel = () => {
    if (signal.aborted && underway > 0)
      cancelled = cancelled.then(() => cancelStatement(client)).catch(ignore)
  }
  const run = async (statement: Sql): Promise<Answer> => {
    if (signal.aborted) throw callerLeft()
    underway += 1
    try {
      return await send(client, statement)
    } catch (error) {
      throw signal.aborted ? callerLeft() : error
    } finally {
      underway -= 1
      cancel()
    }
  }
  signal.addEventListener('abort', cancel)
  try {
    return await work(readingBy(client, { database, run }))
  } finally {
    signal.removeEventListener('abort', cancel)
    if (signal.aborted) {
      // The answer comes after those of all that was sent; this one may be cancelled itself.
      await client.query('rollback').catch(ignore)
      await cancelled
      await client.query('rollback')
    }
  }
}

const ignore = () => {}

/** Snapshots are transactions of the one connection, and come one after the other. */
function readingBy(
  client: pg.PoolClient,
  { database, run }: { database: Database; run: (statement: Sql) => Promise<Answer> },
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
