import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after } from 'node:test'
import pino from 'pino'
import type { App } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import type { Connection } from '../../src/db/index.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { systemOrigin } from '../../src/kernel/origin.ts'
import { createApp } from '../../src/main.ts'
import { testConnection } from './connection.ts'

/**
 * When a connection is cut: before PostgreSQL gets the COMMIT, or after it has executed it. With
 * `late`, PostgreSQL gets it at `deliver`.
 */
export type Cut = 'before' | 'after' | 'late'

export type CuttingProxy = {
  connection: Connection
  /** The next `count` COMMITs get no response. */
  cutNext(cut: Cut, count?: number): void
  /** Sends the late COMMITs, and waits for the responses of PostgreSQL. */
  deliver(): Promise<void>
  /** From now on, all COMMITs get a response. */
  forgive(): void
  close(): Promise<void>
}

/** Opens an application that uses the tests' database through a proxy. Closed with the file. */
export async function openProxied(clock: Clock): Promise<{ proxied: App; proxy: CuttingProxy }> {
  const proxy = await openCuttingProxy()
  const proxied = await createApp({
    config: readConfig({ BURSAR_LOG_LEVEL: 'silent' }, process.cwd()),
    connection: proxy.connection,
    clock,
    log: pino({ level: 'silent' }),
    origin: systemOrigin('test'),
  })
  after(async () => {
    await proxied.db.close()
    await proxy.close()
  })
  return { proxied, proxy }
}

const COMMIT = 'commit\0'
/** A statement that is a transaction of its own, with its name when it is prepared. */
const AT_ONCE = /(bursar_\d+)\0[^\0]*refuse_stale_state/

/**
 * Returns a function that returns whether the sent data ends a transaction. It collects the names
 * of prepared statements.
 */
function createCommitFinder(): (data: Buffer) => boolean {
  const prepared = new Set<string>()
  return (data) => {
    const text = data.toString('latin1')
    const name = AT_ONCE.exec(text)?.[1]
    if (name !== undefined) prepared.add(`\0${name}\0`)
    return text.includes(COMMIT) || [...prepared].some((bound) => text.includes(bound))
  }
}

/** Opens a proxy to the tests' database that loses the responses to COMMITs. */
export async function openCuttingProxy(): Promise<CuttingProxy> {
  const cuts: Cut[] = []
  const late: (() => Promise<void>)[] = []
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(upstreamOf(testConnection()))
    let isLate = false
    const end = () => {
      client.destroy()
      if (!isLate) upstream.destroy()
    }
    const keep = (data: Buffer) => {
      isLate = true
      late.push(async () => {
        upstream.write(data)
        await once(upstream, 'data')
        upstream.destroy()
      })
    }
    const isCommit = createCommitFinder()
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', end).on('close', () => {
        open.delete(socket)
        end()
      })
    }
    let cutting = false
    client.on('data', (data) => {
      const cut = isCommit(data) ? cuts.shift() : undefined
      if (cut === 'late') keep(data)
      if (cut === 'before' || cut === 'late') return end()
      cutting ||= cut === 'after'
      upstream.write(data)
    })
    // The first data from the server after a COMMIT means that it was executed.
    upstream.on('data', (data) => (cutting ? end() : client.write(data)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    connection: throughPort(testConnection(), port),
    cutNext: (cut, count = 1) => {
      for (let n = 0; n < count; n += 1) cuts.push(cut)
    },
    forgive: () => {
      cuts.length = 0
    },
    deliver: async () => {
      for (const send of late.splice(0)) await send()
    },
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Returns the address or the socket on which a database listens. */
export const upstreamOf = (connection: Connection) => {
  const { host, port } = 'host' in connection ? connection : urlOf(connection.connectionString)
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
}

const urlOf = (text: string) => {
  const { hostname, port, searchParams } = new URL(text)
  return { host: searchParams.get('host') ?? hostname, port: Number(port || 5432) }
}

/** Returns a connection to the same database through a port of this machine. */
export function throughPort(connection: Connection, port: number): Connection {
  if ('host' in connection) return { ...connection, host: '127.0.0.1', port }
  const url = new URL(connection.connectionString)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  // The parameter `host`, the directory of a socket, would take precedence over that of the URL.
  url.searchParams.delete('host')
  return { connectionString: url.href }
}
