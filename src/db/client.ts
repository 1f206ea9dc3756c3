import type { Duplex } from 'node:stream'
import type pg from 'pg'
import { assert } from '../kernel/assert.ts'
import { rendered, type Sql } from './sql.ts'
import { type SentStatement, StatementQuery, type StatementResult } from './statement-query.ts'
import type { Reader } from './types.ts'

/** Makes PostgreSQL use cached generic plans until the end of a transaction. */
export const GENERIC_PLANS = 'set local plan_cache_mode = force_generic_plan'

/** Ends a transaction. */
export const COMMIT: SentStatement = { text: 'commit' }

/** Returns a reader that sends its statements through `run`. */
export function readerOver(run: (statement: Sql) => Promise<StatementResult>): Reader {
  const maybeOne: Reader['maybeOne'] = async (decode, statement) => {
    const { rows } = await run(statement)
    assert(rows.length <= 1, 'a statement for at most one row answered more')
    return rows[0] === undefined ? null : decode(rows[0])
  }
  return {
    many: async (decode, statement) => (await run(statement)).rows.map(decode),
    maybeOne,
    one: async (decode, statement) => {
      const { rows } = await run(statement)
      const only = rows[0]
      assert(
        rows.length === 1 && only !== undefined,
        'a statement for one row returned another number of rows',
      )
      return decode(only)
    },
  }
}

/** A read-only transaction never waits for a row lock and never fails with a conflict. */
const SNAPSHOT = { text: 'begin isolation level repeatable read read only' }
const SNAPSHOT_WITH_GENERIC_PLANS = { text: `${SNAPSHOT.text}; ${GENERIC_PLANS}` }

/**
 * Runs reads that all see the same instant. A read-only transaction changes nothing, so this does
 * not wait for its COMMIT. The next statement on the connection runs after the COMMIT anyway.
 */
export async function readOn<T>(
  client: pg.PoolClient,
  {
    run,
    plans,
  }: { run: (statement: Sql) => Promise<StatementResult>; plans: 'cached' | undefined },
  work: (reader: Reader) => Promise<T>,
): Promise<T> {
  let ended = false
  const begun = query(client, plans === 'cached' ? SNAPSHOT_WITH_GENERIC_PLANS : SNAPSHOT)
  begun.catch(ignore)
  try {
    const result = await work(
      readerOver((statement) => {
        assert(!ended, 'a statement was sent in a snapshot that has ended')
        return run(statement)
      }),
    )
    await begun
    return result
  } finally {
    ended = true
    query(client, COMMIT).catch(ignore)
  }
}

/** Sends a statement under its name, so that the session prepares it only once. */
export const send = (client: pg.PoolClient, statement: Sql): Promise<StatementResult> =>
  query(client, rendered(statement))

/**
 * Sends a query. Queries that one connection gets within the same tick of the event loop are sent
 * in one packet.
 */
export async function query(client: pg.PoolClient, what: SentStatement): Promise<StatementResult> {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection
  if (!bundling.has(stream)) {
    bundling.add(stream)
    stream.cork()
    process.nextTick(() => {
      bundling.delete(stream)
      stream.uncork()
    })
  }
  try {
    return await client.query(new StatementQuery(what)).result
  } catch (error) {
    // The stack of the driver shows only how the response has arrived.
    if (error instanceof Error) Error.captureStackTrace(error)
    throw error
  }
}

const ignore = () => {}

const bundling = new WeakSet<Duplex>()
