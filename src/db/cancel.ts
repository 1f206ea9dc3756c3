import { connect } from 'node:net'
import type pg from 'pg'

/** Milliseconds for the request: a statement that cannot be cancelled ends by its own time-out. */
const TIMEOUT_MS = 2000
const CANCEL_REQUEST = 80_877_102

/** What the driver keeps of a session: where it is, and what PostgreSQL knows it by. */
type Session = { host: string; port: number; processID: number; secretKey: number }

/**
 * Asks PostgreSQL to cancel what a session runs, by a connection that needs no slot and no login.
 * Resolves once the session has been told, or that could not be done; it may run nothing by then.
 */
export function cancelStatement(client: pg.PoolClient): Promise<void> {
  const { host, port, processID, secretKey } = client as unknown as Session
  const request = Buffer.alloc(16)
  request.writeInt32BE(request.length, 0)
  request.writeInt32BE(CANCEL_REQUEST, 4)
  request.writeInt32BE(processID, 8)
  request.writeInt32BE(secretKey, 12)
  return new Promise((resolve) => {
    const socket = host.startsWith('/')
      ? connect(`${host}/.s.PGSQL.${port}`)
      : connect({ host, port })
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
    socket.resume()
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve())
    // PostgreSQL closes the connection when it has sent the signal.
    socket.end(request)
  })
}
