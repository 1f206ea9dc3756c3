import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { Connection } from '../../src/db/index.ts'
import { tieSockets } from '../support/tie-sockets.ts'

/** The statement that stores a response. The next message of its connection is the COMMIT. */
const LAST_STATEMENT = 'update idempotency_answers'
/** The message of PostgreSQL after a transaction is durable. */
const COMMITTED = 'COMMIT\0'

export type Relay = { readonly url: string }

/**
 * Opens a relay to a database that stops the first request with a key, either before its COMMIT
 * reaches PostgreSQL, or after PostgreSQL has committed but before the server knows it. Then
 * `reached` is called, and nothing more is passed on for that connection.
 */
export async function openRelay(
  t: TestContext,
  connection: Connection,
  stop: { at: 'before the commit' | 'after the commit'; reached: () => void },
): Promise<Relay> {
  const target = targetOf(connection)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const database = connect(target.address)
    let isWritten = false
    let isCut = false
    const cut = () => {
      if (!isCut) stop.reached()
      isCut = true
    }
    client.on('data', (part) => {
      isWritten ||= part.includes(LAST_STATEMENT)
      if (isWritten && stop.at === 'before the commit') cut()
      if (!isCut) database.write(part)
    })
    database.on('data', (part) => {
      if (isWritten && part.includes(COMMITTED)) cut()
      if (!isCut) client.write(part)
    })
    tieSockets([client, database], sockets)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port } = server.address() as AddressInfo
  return { url: target.urlAt(`127.0.0.1:${port}`) }
}

function targetOf(connection: Connection): {
  address: NetConnectOpts
  urlAt: (host: string) => string
} {
  if ('connectionString' in connection) {
    const url = new URL(connection.connectionString)
    return {
      address: { host: url.hostname, port: Number(url.port || 5432) },
      urlAt: (host) => {
        url.host = host
        return url.href
      },
    }
  }
  const { host, port, user, database } = connection
  return {
    address: { path: `${host}/.s.PGSQL.${port}` },
    urlAt: (at) => `postgres://${user}@${at}/${database}`,
  }
}
