import type { Socket } from 'node:net'
import pg from 'pg'
import { type Connection, clientConfig } from '../db/index.ts'

/** Limits that an operator may have set for requests, and that a long copy would run into. */
const TIMEOUTS = [
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'transaction_timeout',
]

/**
 * Runs `work` on a connection of its own, without time limits. When it fails the connection is cut
 * at once: one that stands in the middle of a copy could not be ended in order. So it is when the
 * signal comes, whatever `work` waits for.
 */
export async function withSession<T>(
  connection: Connection,
  work: (client: pg.Client) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted()
  const client = new pg.Client(clientConfig(connection))
  // A connection that breaks emits besides failing its statement; unheard, it would end the
  // process.
  client.on('error', () => {})
  await client.connect()
  const cut = () => socketOf(client).destroy()
  signal?.addEventListener('abort', cut)
  try {
    await client.query(
      `select set_config(name, '0', false) from pg_settings where name = any($1::text[])`,
      [TIMEOUTS],
    )
    const result = await work(client)
    await client.end()
    return result
  } catch (error) {
    cut()
    throw error
  } finally {
    signal?.removeEventListener('abort', cut)
  }
}

/** The types of `pg` do not show it. */
const socketOf = (client: pg.Client): Socket =>
  (client as unknown as { connection: { stream: Socket } }).connection.stream

export type TextRow = Readonly<Record<string, string | null>>

/** Rows as PostgreSQL writes them. */
export const rowsOf = async (client: pg.Client, statement: string): Promise<TextRow[]> =>
  (await client.query<TextRow>(statement)).rows
