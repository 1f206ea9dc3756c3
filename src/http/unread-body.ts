import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { declaredIn } from './bodies.ts'

/** The rest of a body up to this length is taken, so that its connection goes on, in bytes. */
const TAKEN_BYTES = 65_536
/** How long a caller has to read an answer that came before it had sent all, in milliseconds. */
const LINGER_MS = 1000

/** Whether more of a body may be on its way than is worth taking. */
const isLeft = (request: IncomingMessage): boolean => {
  if (request.complete !== false) return false
  const declared = declaredIn(request.headers)
  return declared === null || declared > TAKEN_BYTES
}

/** Takes what is left of a body that nobody reads, or stops taking it. */
export function leaveRest(request: IncomingMessage): void {
  if (isLeft(request)) request.pause()
  else request.resume()
}

/**
 * Answers whoever is refused before its large body was taken without taking it: a hundred callers
 * that send 15 MB each would keep the event loop from everybody else, only to be thrown away. The
 * answer is whole at once, and says that the connection ends; the connection is kept for a second,
 * because a caller that finds it closed while it sends may not look for an answer.
 */
export function leaveUnreadBodies(server: FastifyInstance): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    const isText = typeof payload === 'string' || Buffer.isBuffer(payload)
    if (!isText || !isLeft(request.raw)) return done(null, payload)
    reply.header('connection', 'close')
    reply.header('content-length', Buffer.byteLength(payload))
    done(null, openFor(payload, reply.raw))
  })
}

/** The whole payload, whose end is told later. */
function openFor(payload: string | Buffer, response: ServerResponse): Readable {
  const body = new Readable({ read: () => {} })
  body.push(payload)
  const end = setTimeout(() => body.push(null), LINGER_MS)
  response.once('close', () => clearTimeout(end))
  return body
}
