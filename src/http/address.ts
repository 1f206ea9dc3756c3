import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createPassage, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { UNCACHED } from './caching.ts'

/** An address that is listened on before there is anything to serve. */
export type ReservedAddress = {
  readonly url: string
  /**
   * From here on this server answers, until it is closed. Nobody is refused in between, since it
   * takes over the very sockets that are listened on.
   */
  handOver(server: FastifyInstance): Promise<void>
  /** Gives the address up, if nobody has taken it over. */
  release(): Promise<void>
}

/**
 * Listens, so that a start that cannot have its address has changed nothing. Whoever calls
 * meanwhile learns that the server is alive and not ready yet. Throws what the system says.
 */
export async function reserveAddress(at: { host: string; port: number }): Promise<ReservedAddress> {
  const [first = at.host, ...others] = await addressesOf(at.host)
  const main = await listen({ host: first, port: at.port })
  const { port } = main.address() as AddressInfo
  // The others are a convenience: a machine may have only one of the two that localhost names.
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

/** `localhost` is whatever a client may take it for. */
const addressesOf = async (host: string): Promise<string[]> =>
  host === 'localhost'
    ? [...new Set((await lookup(host, { all: true })).map(({ address }) => address))]
    : [host]

async function listen(at: { host: string; port: number }): Promise<Server> {
  const starting = createServer(answerStarting).listen(at)
  await once(starting, 'listening')
  return starting
}

const STARTING = { message: 'the server is starting, try again', code: null }

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

/** Connections of another address, which one server cannot listen on as well. */
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

/** Where a person on this machine reaches it. */
function urlOf({ address, family, port }: AddressInfo): string {
  const reached = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address
  return `http://${family === 'IPv6' ? `[${reached}]` : reached}:${port}`
}
