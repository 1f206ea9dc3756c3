import { randomFillSync } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Config } from '../config.ts'
import { type Bodies, createBodies } from './bodies.ts'
import { isOfApi, UNCACHED } from './caching.ts'
import { type Connections, watchConnections } from './connections.ts'
import { type AdmitBody, takeJson } from './content-types.ts'
import { routeNotFound, sendError } from './error-body.ts'
import { type ForwardedCounter, watchForwarded } from './forwarded.ts'
import { connectionsWithin } from './open-files.ts'
import { ambientTraceId } from './trace-operations.ts'
import { trustedProxies } from './trusted-proxies.ts'
import { leaveUnreadBodies } from './unread-body.ts'

/** The length of a percent-encoded id: 255 characters of up to four bytes each. */
const PARAM_LIMIT = 255 * 4 * 3
/** How long a complete request may take to arrive, in milliseconds. */
const REQUEST_TIMEOUT_MS = 60_000
/**
 * How long the headers may take to arrive, in milliseconds. Also applies to silent new connections.
 */
const HEADERS_TIMEOUT_MS = 10_000
/** How often both time-outs are checked, in milliseconds. */
const TIMEOUT_SWEEP_MS = 2000
/** Longer than the idle time-outs of common proxies, so that the proxy closes first. */
const KEEP_ALIVE_MS = 72_000

/** `trustProxy` names the addresses whose forwarding headers are believed. */
export type Transport = Pick<Config, 'trustProxy' | 'bounds' | 'databasePoolSize'>

/** An HTTP server with error bodies, trace ids, JSON rules and limits. */
export type Server = {
  readonly server: FastifyInstance
  readonly connections: Connections
  readonly bodies: Bodies
  readonly admitBody: AdmitBody
  readonly unbelieved: ForwardedCounter
}

/** Returns a server without routes. */
export function createServer(
  log: FastifyBaseLogger,
  { trustProxy, bounds, databasePoolSize }: Transport,
): Server {
  const server: FastifyInstance = Fastify({
    loggerInstance: log,
    trustProxy: trustProxy === null ? false : [...trustProxy],
    // A hook below logs one line per request instead of the framework's two.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'traceId' }),
    genReqId: traceIdOf,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    // A closing server ends keep-alive connections with a header. The 503 of the framework would
    // have another body.
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAM_LIMIT },
    frameworkErrors: (error, request, reply) => {
      reply.header('x-trace-id', request.id)
      if (isOfApi(request.raw.url)) reply.headers(UNCACHED)
      sendError(error, request, reply)
    },
    // A request without Host is served normally. Node would send an empty 400.
    http: {
      requireHostHeader: false,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_SWEEP_MS,
    },
    clientErrorHandler: (error, socket) =>
      answerBrokenRequest(error, { socket, log, isServing: connections.isServing(socket) }),
  })
  const maxConnections = connectionsWithin(bounds.maxConnections, { poolSize: databasePoolSize })
  if (maxConnections < bounds.maxConnections)
    log.warn({ maxConnections }, 'the limit of open files lowers BURSAR_MAX_CONNECTIONS')
  const connections = watchConnections(server, {
    bounds: { ...bounds, maxConnections },
    trusts: trustedProxies(trustProxy),
    log,
  })
  answerUnknownExpectations(server)
  let closing = false
  server.addHook('preClose', async () => {
    closing = true
  })
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-trace-id', request.id)
    if (isOfApi(request.url)) reply.headers(UNCACHED)
    if (closing) reply.header('connection', 'close')
    done()
  })
  const unbelieved = watchForwarded(server, { trustsNobody: trustProxy === null, log })
  if (['trace', 'debug'].includes(log.level ?? '')) logRequests(server)
  const bodies = createBodies({ all: bounds.bodyBytes, perOwner: bounds.bodyBytesPerCaller })
  leaveUnreadBodies(server)
  const admitBody = takeJson(server, bodies)
  server.setErrorHandler(sendError)
  server.setNotFoundHandler((request, reply) => sendError(routeNotFound(request), request, reply))
  return { server, connections, bodies, admitBody, unbelieved }
}

/** Logs one line for each response. Values of the request are never logged. */
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
/** Random bytes for 256 trace ids. Requesting them one by one took 5 % of a small request. */
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

/**
 * Returns the W3C trace id of the caller, else that of the active trace, else a new one in the same
 * format.
 */
function traceIdOf(request: { headers: IncomingMessage['headers'] }): string {
  const { traceparent } = request.headers
  const given = traceparent === undefined ? null : TRACEPARENT.exec(String(traceparent))
  // In this format, all zeros mean that there is no trace id.
  return given?.[1] === undefined || /^0+$/.test(given[1])
    ? (ambientTraceId() ?? newTraceId())
    : given[1]
}

/** Responds with our error body if Node could not parse the request, and closes the connection. */
function answerBrokenRequest(
  error: Error & { code?: string },
  at: { socket: Socket; log: FastifyBaseLogger; isServing: boolean },
): void {
  const { socket, log, isServing } = at
  // A response here would be mistaken for that of the previous request, which may have written
  // something.
  if (isServing || error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, message] = BROKEN[error.code ?? ''] ?? ['400 Bad Request', 'not valid HTTP']
  const traceId = newTraceId()
  log.debug({ traceId, code: error.code }, 'broken request refused')
  const code = status.startsWith('400') ? 'BadUserInput' : null
  const body = JSON.stringify({ message: `bad request: ${message}`, code, field: null })
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\nx-trace-id: ${traceId}\r\n` +
      'content-type: application/json; charset=utf-8\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

const BROKEN: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'its headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'it did not arrive in time'],
}

/** Any `Expect` other than 100-continue. Node would respond without a body. */
function answerUnknownExpectations(server: FastifyInstance): void {
  server.server.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) => {
    const body = JSON.stringify({
      message: 'Expect: only 100-continue is supported',
      code: null,
      field: null,
    })
    response.writeHead(417, {
      'content-type': 'application/json; charset=utf-8',
      'x-trace-id': newTraceId(),
      ...UNCACHED,
    })
    response.end(body)
  })
}
