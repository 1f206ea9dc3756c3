import { connect } from 'node:net'
import type pg from 'pg'

/**
 * The timeout of the cancel request, in milliseconds. A statement that cannot be cancelled ends by
 * its own timeout.
 */
const TIMEOUT_MS = 2000
const CANCEL_REQUEST = 80_877_102

/** The fields of the driver's client that a cancel request needs. The types of `pg` omit them. */
type Session = { host: string; port: number; processID: number; secretKey: number }

/**
 * Asks PostgreSQL to cancel the statement that a session is running. The connection for it needs no
 * connection slot and no login. Resolves when PostgreSQL has sent the signal or the request has
 * failed. By then the session may be idle.
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
    // PostgreSQL closes the connection after it has sent the signal.
    socket.end(request)
  })
}
