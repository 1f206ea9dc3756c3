import type { Socket } from 'node:net'
import pg from 'pg'
import { type Connection, clientConfig } from '../db/index.ts'

/** An operator may have set these for requests. A long copy would exceed them. */
const TIMEOUTS = [
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'transaction_timeout',
]

/**
 * Runs `work` on a new connection without timeouts. If it fails or the signal aborts, the
 * socket is closed at once, because a connection in the middle of a copy cannot be ended properly.
 */
export async function withSession<T>(
  connection: Connection,
  work: (client: pg.Client) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted()
  const client = new pg.Client(clientConfig(connection))
  // A broken connection fails its statement and also emits an error, which ends the process if
  // unhandled.
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

/** The types of `pg` omit the socket. */
const socketOf = (client: pg.Client): Socket =>
  (client as unknown as { connection: { stream: Socket } }).connection.stream

export type TextRow = Readonly<Record<string, string | null>>

/** Returns the rows with the text of each column. */
export const rowsOf = async (client: pg.Client, statement: string): Promise<TextRow[]> =>
  (await client.query<TextRow>(statement)).rows
