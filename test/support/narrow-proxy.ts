import { connect, createServer, type Socket } from 'node:net'
import type { Connection } from '../../src/db/index.ts'
import { testConnection } from './connection.ts'
import { throughPort, upstreamOf } from './cutting-proxy.ts'

export type NarrowProxy = {
  connection: Connection
  /** Sets the maximum number of connections. */
  allow(count: number): void
  /** Returns how many connections were refused so far. */
  refused(): number
}

const field = (name: string, value: string): string => `${name}${value}\0`
const FIELDS = [
  field('S', 'FATAL'),
  field('V', 'FATAL'),
  field('C', '53300'),
  field('M', 'sorry, too many clients already'),
].join('')
const TOO_MANY = Buffer.alloc(5 + FIELDS.length + 1)
TOO_MANY.write('E', 0)
TOO_MANY.writeInt32BE(4 + FIELDS.length + 1, 1)
TOO_MANY.write(FIELDS, 5)

/**
 * Opens a proxy to the tests' database with a maximum number of connections. It refuses further
 * ones as PostgreSQL does.
 */
export async function openNarrowProxy(
  t: { after(work: () => Promise<unknown>): void },
  limit: number,
): Promise<NarrowProxy> {
  let allowed = limit
  let refused = 0
  const open = new Set<Socket>()
  const refuse = (client: Socket) => {
    refused += 1
    client.on('error', () => {}).once('data', () => client.end(TOO_MANY))
  }
  const server = createServer((client) => {
    if (open.size >= allowed) return refuse(client)
    open.add(client)
    const upstream = connect(upstreamOf(testConnection()))
    client
      .on('error', () => {})
      .on('close', () => {
        open.delete(client)
        upstream.destroy()
      })
    upstream.on('error', () => {}).on('close', () => client.destroy())
    client.pipe(upstream)
    upstream.pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    for (const socket of open) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as { port: number }
  return {
    connection: throughPort(testConnection(), port),
    allow: (count) => {
      allowed = count
    },
    refused: () => refused,
  }
}
