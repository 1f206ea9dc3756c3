import type { Duplex } from 'node:stream'
import type pg from 'pg'
import { assert } from '../kernel/assert.ts'
import type { RawRow } from './decode.ts'
import { rendered, type Sql } from './sql.ts'
import type { Reader } from './types.ts'

export type Answer = { rows: RawRow[]; rowCount: number }

/** Reads by whatever runs a statement. */
export function readerOver(run: (statement: Sql) => Promise<Answer>): Reader {
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
        'a statement for one row answered another number',
      )
      return decode(only)
    },
  }
}

/** It can neither wait for a lock nor be ended for a conflict. */
const SNAPSHOT = 'begin isolation level repeatable read read only'
const SNAPSHOT_OF_KEPT_PLANS = `${SNAPSHOT}; set local plan_cache_mode = force_generic_plan`

/**
 * Reads as of one instant. Nothing depends on how the transaction ends, so that nobody waits for
 * its COMMIT: whoever has the connection next comes after it.
 */
export async function readOn<T>(
  client: pg.PoolClient,
  { run, plans }: { run: (statement: Sql) => Promise<Answer>; plans: 'kept' | undefined },
  work: (reader: Reader) => Promise<T>,
): Promise<T> {
  let ended = false
  const begun = query(client, plans === 'kept' ? SNAPSHOT_OF_KEPT_PLANS : SNAPSHOT)
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

/** Sends a statement under its name. */
export async function send(client: pg.PoolClient, statement: Sql): Promise<Answer> {
  const { name, text, values } = rendered(statement)
  const result = await query(client, { name, text, values: [...values] })
  return { rows: result.rows, rowCount: result.rowCount ?? 0 }
}

/** Sends. What goes to one connection until others have their turn travels in one packet. */
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
