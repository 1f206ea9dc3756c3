import { isSpanContextValid, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import type { FastifyInstance, RouteHandlerMethod } from 'fastify'
import { ApiError } from '../kernel/errors.ts'
import type { ApiDocument } from './api-document.ts'
import { operationOfRoute } from './operation-of-route.ts'

const tracer = trace.getTracer('bursar')

/**
 * Adds a span with the operation's name to the trace around each request. Tracing is loaded
 * separately from Bursar; without it no spans are created. Call it before any route is added.
 */
export function traceOperations(server: FastifyInstance, contract: ApiDocument): void {
  const operationOf = operationOfRoute(contract)
  server.addHook('onRoute', (route) => {
    const operation = operationOf(route)
    if (operation !== null) route.handler = traced(operation.id, route.handler)
  })
}

function traced(name: string, handler: RouteHandlerMethod): RouteHandlerMethod {
  return function (request, reply) {
    const run = async () => handler.call(this, request, reply)
    if (trace.getActiveSpan() === undefined) return run()
    return tracer.startActiveSpan(name, async (span) => {
      try {
        const answer = await run()
        tell(span, reply.statusCode)
        return answer
      } catch (error) {
        tell(span, error instanceof ApiError ? error.status : 500)
        throw error
      } finally {
        span.end()
      }
    })
  }
}

/** Only the status: the message of an error may quote a value of the caller. */
function tell(span: Span, status: number): void {
  span.setAttribute('http.response.status_code', status)
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
}

/** Returns the id of the active trace, or null if there is none. */
export function ambientTraceId(): string | null {
  const context = trace.getActiveSpan()?.spanContext()
  return context !== undefined && isSpanContextValid(context) ? context.traceId : null
}
