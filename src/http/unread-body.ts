import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { declaredIn } from './bodies.ts'

/**
 * If at most this many bytes of a body remain, they are read, so that the connection can be reused.
 */
const TAKEN_BYTES = 65_536
/**
 * How long a caller has to read a response that came before it had sent its whole body, in
 * milliseconds.
 */
const LINGER_MS = 1000

/** Returns whether more of the body may follow than is worth reading. */
const isLeft = (request: IncomingMessage): boolean => {
  if (request.complete !== false) return false
  const declared = declaredIn(request.headers)
  return declared === null || declared > TAKEN_BYTES
}

/** Reads the rest of an unused body, or stops reading if it is large. */
export function leaveRest(request: IncomingMessage): void {
  if (isLeft(request)) request.pause()
  else request.resume()
}

/**
 * Refuses a request with a large body without reading the body. Reading 15 MB from each of a
 * hundred callers, only to discard it, would block the event loop. The response is complete at once
 * and says that the connection closes. The connection stays open for a second, because a caller
 * that finds it closed while sending may not look for a response.
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

/** A stream of the payload that ends later. */
function openFor(payload: string | Buffer, response: ServerResponse): Readable {
  const body = new Readable({ read: () => {} })
  body.push(payload)
  const end = setTimeout(() => body.push(null), LINGER_MS)
  response.once('close', () => clearTimeout(end))
  return body
}
