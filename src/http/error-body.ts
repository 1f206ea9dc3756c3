import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, badInput } from '../kernel/errors.ts'
import { shortened } from './validation-message.ts'

/** The framework's own refusals, in ours. They come before any handler has run. */
function refusalOf(error: FastifyError): ApiError | null {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError(415, null, 'send the body as content-type application/json')
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return badInput('a part of the path is longer than any id')
    case 'FST_ERR_BAD_URL':
      return badInput('the path is not valid percent-encoded UTF-8')
    default:
      return error.statusCode !== undefined && error.statusCode < 500
        ? badInput(error.message)
        : null
  }
}

/** Without the query, whose values may be personal. */
const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? ''

/**
 * Answers with the one error body of the contract. What is no refusal is our defect: 500, logged.
 */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = error instanceof ApiError ? error : refusalOf(error as FastifyError)
  if (refusal === null) {
    request.log.error(
      {
        err: error,
        route: request.routeOptions.url,
        method: request.method,
        path: pathOf(request),
      },
      'request failed',
    )
    reply.code(500).send({
      message: `an unexpected error occurred; its trace id is ${request.id}`,
      code: null,
    })
    return
  }
  // Who has left is not told that the work of the request was stopped, and nobody else need be.
  if (refusal.status === 503 && !request.raw.socket.destroyed)
    request.log.warn({ err: refusal, path: pathOf(request) }, 'request not served')
  reply
    .code(refusal.status)
    .headers(refusal.headers)
    .send({ message: refusal.message, code: refusal.code })
}

export const routeNotFound = (request: FastifyRequest): ApiError =>
  new ApiError(404, null, `there is no ${request.method} ${shortened(pathOf(request))}`)

/** 404 of an operation that the published API has and this server has not. */
export const notServed = (request: FastifyRequest): ApiError =>
  new ApiError(
    404,
    null,
    `${request.method} ${shortened(pathOf(request))} is of the published API, and not served yet`,
  )

/** `isPublished`: the published API has the method here. */
export function methodNotAllowed(
  request: FastifyRequest,
  { allowed, isPublished }: { allowed: readonly string[]; isPublished: boolean },
): ApiError {
  const takes = allowed.join(', ')
  const why = isPublished ? 'is of the published API, and not served yet on' : 'is not a method of'
  return new ApiError(405, null, `${request.method} ${why} this path; it takes ${takes}`, {
    allow: takes,
  })
}
