import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { countedAs } from './rate-limit-address.ts'
import type { ProxyTrust } from './trusted-proxies.ts'

/** How often a closing server looks for idle connections, in milliseconds. */
const SWEEP_MS = 100
/** How long a closing server waits for the rest of a request, in milliseconds. */
const REST_MS = 5000
/** How often the server looks for connections whose responses are not read, in milliseconds. */
const UNREAD_SWEEP_MS = 5000
/** How long a caller may read nothing of a response, in milliseconds. */
export const UNREAD_MS = 60_000

export type ConnectionBounds = {
  readonly maxConnections: number
  /** This machine and trusted proxies have no such bound. */
  readonly maxConnectionsPerAddress: number
}

/** Why a connection was closed on arrival or before its response was complete. */
const REASONS = ['all', 'address', 'unread'] as const
export type ClosedFor = (typeof REASONS)[number]

export type Connections = {
  /** Returns whether a request of the connection has no response yet. */
  isServing(socket: Socket): boolean
  counts(): { serving: number; idle: number; closed: Readonly<Record<ClosedFor, number>> }
  /** Closes connections of which nothing has been read for too long. `now` is a monotonic time. */
  closeUnread(now: number): void
}

type OpenConnection = {
  readonly requests: Set<IncomingMessage>
  readonly address: string | null
  /** How many bytes had been read at the last look, and since when that number is unchanged. */
  taken: number
  takenAt: number
}

/**
 * Tracks the requests of each connection and bounds the number of connections. Each needs a file
 * descriptor, and without a free one the server could not even connect to its database. A closing
 * server ends idle connections, and after a while also those whose request is still incomplete:
 * Node would count them as busy for up to a minute.
 */
export function watchConnections(
  server: FastifyInstance,
  { bounds, trusts, log }: { bounds: ConnectionBounds; trusts: ProxyTrust; log: FastifyBaseLogger },
): Connections {
  const open = new Map<Socket, OpenConnection>()
  const byAddress = new Map<string, number>()
  const closed: Record<ClosedFor, number> = { all: 0, address: 0, unread: 0 }
  const close = (reason: ClosedFor, address: string | undefined) => {
    closed[reason] += 1
    log.warn({ kind: reason, address }, 'a connection was closed by a bound')
  }

  server.server.maxConnections = bounds.maxConnections
  server.server.on('drop', (dropped) => close('all', dropped?.remoteAddress))
  server.server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket
    const address = trusts(remoteAddress) ? null : countedAs(remoteAddress)
    const ofAddress = address === null ? 0 : (byAddress.get(address) ?? 0)
    if (address !== null && ofAddress >= bounds.maxConnectionsPerAddress) {
      close('address', remoteAddress)
      socket.destroy()
      return
    }
    if (address !== null) byAddress.set(address, ofAddress + 1)
    open.set(socket, { requests: new Set(), address, taken: 0, takenAt: 0 })
    socket.once('close', () => {
      open.delete(socket)
      if (address !== null) leave(byAddress, address)
    })
  })
  server.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    open.get(request.socket)?.requests.add(request)
    response.once('close', () => open.get(request.socket)?.requests.delete(request))
  })

  const closeUnread = (now: number) => {
    for (const [socket, found] of open)
      if (isUnread(socket, found, now)) {
        close('unread', socket.remoteAddress)
        socket.destroy()
      }
  }
  closeInOrder(server, open, closeUnread)
  return {
    isServing: (socket) => (open.get(socket)?.requests.size ?? 0) > 0,
    counts: () => {
      const serving = [...open.values()].filter(({ requests }) => requests.size > 0).length
      return { serving, idle: open.size - serving, closed }
    },
    closeUnread,
  }
}

function leave(byAddress: Map<string, number>, address: string): void {
  const rest = (byAddress.get(address) ?? 1) - 1
  if (rest === 0) byAddress.delete(address)
  else byAddress.set(address, rest)
}

/** Returns whether all pending bytes have waited for the caller for too long. */
function isUnread(socket: Socket, found: OpenConnection, now: number): boolean {
  const taken = socket.bytesWritten - socket.writableLength
  if (socket.writableLength === 0 || taken !== found.taken || found.takenAt === 0) {
    found.taken = taken
    found.takenAt = now
    return false
  }
  return now - found.takenAt >= UNREAD_MS
}

function closeInOrder(
  server: FastifyInstance,
  open: ReadonlyMap<Socket, OpenConnection>,
  closeUnread: (now: number) => void,
): void {
  const sweep = (alsoHalfSent: boolean) => {
    for (const [socket, { requests }] of open) {
      if (requests.size === 0) socket.destroySoon()
      else if (alsoHalfSent && [...requests].every(({ complete }) => !complete)) socket.destroy()
    }
  }
  const unread = setInterval(() => closeUnread(performance.now()), UNREAD_SWEEP_MS).unref()
  let timer: NodeJS.Timeout | undefined
  server.addHook('preClose', async () => {
    const closedAt = performance.now()
    timer = setInterval(() => sweep(performance.now() - closedAt > REST_MS), SWEEP_MS)
  })
  server.addHook('onClose', async () => {
    clearInterval(timer)
    clearInterval(unread)
  })
}
