import type { Duplex } from 'node:stream'
import type pg from 'pg'
import { assert } from '../kernel/assert.ts'
import type { RawRow } from './decode.ts'
import { rendered, type Sql } from './sql.ts'
import type { Reader } from './types.ts'

export type StatementResult = { rows: RawRow[]; rowCount: number }

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
const SNAPSHOT = 'begin isolation level repeatable read read only'
const SNAPSHOT_WITH_GENERIC_PLANS = `${SNAPSHOT}; set local plan_cache_mode = force_generic_plan`

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
    query(client, 'commit').catch(ignore)
  }
}

/** Sends a statement under its name, so that the session prepares it only once. */
export async function send(client: pg.PoolClient, statement: Sql): Promise<StatementResult> {
  const { name, text, values } = rendered(statement)
  const result = await query(client, { name, text, values: [...values] })
  return { rows: result.rows, rowCount: result.rowCount ?? 0 }
}

/**
 * Sends a query. Queries that one connection gets within the same tick of the event loop are sent
 * in one packet.
 */
export function query(
  client: pg.PoolClient,
  what: string | pg.QueryConfig,
): Promise<pg.QueryResult<RawRow>> {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection
  if (!bundling.has(stream)) {
    bundling.add(stream)
    stream.cork()
    process.nextTick(() => {
      bundling.delete(stream)
      stream.uncork()
    })
  }
  return client.query<RawRow>(what)
}

const ignore = () => {}

const bundling = new WeakSet<Duplex>()
