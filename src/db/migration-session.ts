import { Socket } from 'node:net'
import pg from 'pg'
import { type Connection, clientConfig } from './database.ts'
import type { WaitBudget } from './waiting.ts'

/** Milliseconds in which a database must greet. One that does not is silent, not busy. */
const CONNECT_LIMIT_MS = 30_000
/** Milliseconds between the lines meanwhile. */
const TELL_MS = 10_000

/** A connection to migrate on. `end` ends it, also where nobody answers. */
export type MigrationSession = {
  readonly client: pg.Client
  /** Of the backend, as `pg_stat_activity` has it. */
  readonly pid: number
  end(): Promise<void>
}

/**
 * Connects, and says every ten seconds that it still tries. Rejects when nobody greets in 30 s,
 * and with the reason of the signal when that comes first. From then on a signal cuts the
 * connection, so that no wait for an answer outlives it.
 */
export async function openSession(
  connection: Connection,
  { signal, onWait }: WaitBudget,
): Promise<MigrationSession> {
  signal?.throwIfAborted()
  const socket = new Socket()
  const client = new pg.Client({
    ...clientConfig(connection),
    stream: () => socket,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
  })
  client.on('error', () => {})
  const cut = () => socket.destroy()
  signal?.addEventListener('abort', cut)
  const telling = setInterval(() => onWait?.('waiting for the database to answer'), TELL_MS)
  const end = async () => {
    signal?.removeEventListener('abort', cut)
    if (!socket.destroyed) await client.end()
  }
  try {
    await client.connect()
    const { rows } = await client.query<{ pid: string }>('select pg_backend_pid() as pid')
    return { client, pid: Number(rows[0]?.pid), end }
  } catch (error) {
    socket.destroy()
    signal?.removeEventListener('abort', cut)
    signal?.throwIfAborted()
    throw error
  } finally {
    clearInterval(telling)
  }
}
