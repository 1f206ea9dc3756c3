import { randomFillSync } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { routeNotFound, sendError } from './error-body.ts'
import { parseJsonBody } from './json-body.ts'

/** Bodies of ordinary operations, in bytes. */
const BODY_LIMIT = 1_048_576
/** An id of 255 characters, each of up to four bytes, percent-encoded. */
const PARAM_LIMIT = 255 * 4 * 3
/** Milliseconds in which a whole request must have arrived. */
const REQUEST_TIMEOUT_MS = 60_000
/** Longer than the idle time-outs of the usual proxies, so that they close first. */
const KEEP_ALIVE_MS = 72_000

/** An HTTP server with our transport: error bodies, trace ids, JSON rules, limits. No routes yet. */
export function createServer(log: FastifyBaseLogger): FastifyInstance {
  const server = Fastify({
    loggerInstance: log,
    // One line of ours for each request instead of two, see the hook below.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'traceId' }),
    genReqId: traceIdOf,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    // Connections that live on are closed by a header instead, so that no answer has a foreign body.
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAM_LIMIT },
    frameworkErrors: (error, request, reply) => {
      reply.header('x-trace-id', request.id)
      sendError(error, request, reply)
    },
    clientErrorHandler: answerBrokenRequest,
  })
  let closing = false
  server.addHook('preClose', async () => {
    closing = true
  })
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-trace-id', request.id)
    if (closing) reply.header('connection', 'close')
    done()
  })
  if (['trace', 'debug'].includes(log.level ?? '')) logRequests(server)
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_: unknown, body: Buffer) => parseJsonBody(body),
  )
  server.setErrorHandler(sendError)
  server.setNotFoundHandler((request, reply) => sendError(routeNotFound(request), request, reply))
  return server
}

/** One line for each request that was answered. Its values are never logged. */
function logRequests(server: FastifyInstance): void {
  server.addHook('onResponse', async (request, reply) => {
    request.log.debug(
      {
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime * 100) / 100,
      },
      'request served',
    )
  })
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/

const TRACE_ID_BYTES = 16
/** Random bytes for 256 trace ids: asking for each one alone took 5 % of a small request. */
const pool = Buffer.alloc(256 * TRACE_ID_BYTES)
let used = pool.length

function newTraceId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += TRACE_ID_BYTES
  return pool.toString('hex', used - TRACE_ID_BYTES, used)
}

/** The caller's W3C trace id, else a new one of the same form. */
function traceIdOf(request: { headers: IncomingMessage['headers'] }): string {
  const { traceparent } = request.headers
  const given = traceparent === undefined ? null : TRACEPARENT.exec(String(traceparent))
  return given?.[1] ?? newTraceId()
}

/** What Node could not even parse as a request gets our body too, and the connection ends. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'the headers are too large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'the request did not arrive in time']
        : ['400 Bad Request', 'the request is not valid HTTP']
  const body = JSON.stringify({ message, code: status.startsWith('400') ? 'BadUserInput' : null })
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
