import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** How often a closing server looks for connections that nothing is served on, in milliseconds. */
const SWEEP_MS = 100
/** How long a closing server waits for the rest of a request, in milliseconds. */
const REST_MS = 5000

export type Connections = {
  /** Whether an answer is owed on the connection. */
  isServing(socket: Socket): boolean
}

/**
 * Knows what is served on which connection. While the server closes, it ends those that nothing is
 * served on, and after a while those whose request still has not arrived: Node itself counts a
 * connection without a whole header, or with half a body, as busy for up to a minute.
 */
export function watchConnections(server: FastifyInstance): Connections {
  const serving = new Map<Socket, Set<IncomingMessage>>()
  server.server.on('connection', (socket: Socket) => {
    serving.set(socket, new Set())
    socket.once('close', () => serving.delete(socket))
  })
  server.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    serving.get(request.socket)?.add(request)
    response.once('close', () => serving.get(request.socket)?.delete(request))
  })

  const sweep = (alsoHalfSent: boolean) => {
    for (const [socket, requests] of serving) {
      if (requests.size === 0) socket.destroySoon()
      else if (alsoHalfSent && [...requests].every(({ complete }) => !complete)) socket.destroy()
    }
  }
  let timer: NodeJS.Timeout | undefined
  server.addHook('preClose', async () => {
    const closedAt = performance.now()
    timer = setInterval(() => sweep(performance.now() - closedAt > REST_MS), SWEEP_MS)
  })
  server.addHook('onClose', async () => clearInterval(timer))
  return { isServing: (socket) => (serving.get(socket)?.size ?? 0) > 0 }
}
