import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createPassage, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { UNCACHED } from './caching.ts'

/** A listening address whose server has not started yet. */
export type ReservedAddress = {
  readonly url: string
  /**
   * From now on this server serves the address, until it is closed. It takes over the listening
   * sockets, so no connection is refused in between.
   */
  handOver(server: FastifyInstance): Promise<void>
  /** Stops listening, unless a server has taken over. */
  release(): Promise<void>
}

/**
 * Listens on an address, so that a start without an available address changes nothing. Until the
 * server takes over, callers get a response that it is starting. Throws the error of the operating
 * system.
 */
export async function reserveAddress(at: { host: string; port: number }): Promise<ReservedAddress> {
  const [first = at.host, ...others] = await addressesOf(at.host)
  const main = await listen({ host: first, port: at.port })
  const { port } = main.address() as AddressInfo
  // The other addresses are optional: a machine may have only one of the two addresses of
  // localhost.
  const more = await Promise.allSettled(others.map((host) => listen({ host, port })))
  const beside = more.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  let isTaken = false
  return {
    url: urlOf(main.address() as AddressInfo),
    handOver: async (server) => {
      isTaken = true
      for (const each of beside) await pass(each, server)
      await server.ready()
      server.server.listen(main)
    },
    release: async () => {
      if (isTaken) return
      await Promise.all([main, ...beside].map(close))
    },
  }
}

/** A client may resolve `localhost` to either address. */
const addressesOf = async (host: string): Promise<string[]> =>
  host === 'localhost'
    ? [...new Set((await lookup(host, { all: true })).map(({ address }) => address))]
    : [host]

async function listen(at: { host: string; port: number }): Promise<Server> {
  const starting = createServer(answerStarting).listen(at)
  await once(starting, 'listening')
  return starting
}

const STARTING = { message: 'the server is starting, try again', code: null, field: null }

function answerStarting({ url }: IncomingMessage, response: ServerResponse): void {
  const isLive = url === '/health/live'
  const body = JSON.stringify(isLive ? { status: 'live' } : STARTING)
  response.writeHead(isLive ? 200 : 503, {
    connection: 'close',
    'content-type': 'application/json; charset=utf-8',
    ...UNCACHED,
    ...(!isLive && { 'retry-after': '1' }),
  })
  response.end(body)
}

/**
 * Passes connections to the server that arrive at an additional address. One server cannot listen
 * on several.
 */
async function pass(starting: Server, server: FastifyInstance): Promise<void> {
  const passage = createPassage((socket: Socket) => server.server.emit('connection', socket))
  passage.listen(starting)
  await once(passage, 'listening')
  const closed = once(passage, 'close')
  server.addHook('preClose', async () => void passage.close())
  server.addHook('onClose', async () => void (await closed))
}

async function close(starting: Server): Promise<void> {
  const closed = once(starting, 'close')
  starting.close()
  starting.closeAllConnections()
  await closed
}

/** The URL for a person on this machine. */
function urlOf({ address, family, port }: AddressInfo): string {
  const reached = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address
  return `http://${family === 'IPv6' ? `[${reached}]` : reached}:${port}`
}
