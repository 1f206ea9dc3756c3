import { Socket } from 'node:net'
import pg from 'pg'
import { type Connection, clientConfig } from './database.ts'
import type { WaitBudget } from './waiting.ts'

/** How long to wait for a connection, in milliseconds. A busy database responds within this. */
const CONNECT_LIMIT_MS = 30_000
/** The interval of the messages while the connection is made, in milliseconds. */
const REPORT_MS = 10_000

/** A connection for migrations. `end` also works if the server no longer responds. */
export type MigrationSession = {
  readonly client: pg.Client
  /** The pid of the backend in `pg_stat_activity`. */
  readonly pid: number
  end(): Promise<void>
}

/**
 * Connects, and reports every 10 s that it is still trying. Rejects if there is no connection after
 * 30 s. If the signal aborts, rejects with its reason. Once connected, an abort closes the
 * connection at once, so that a running statement fails instead of being waited for.
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
  const reports = setInterval(() => onWait?.('waiting for the database to answer'), REPORT_MS)
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
    clearInterval(reports)
  }
}
