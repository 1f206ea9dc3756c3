import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, badInput, errorBody } from '../kernel/errors.ts'
import { shortened } from './validation-message.ts'

/** The API error for an error of the framework. These occur before any handler runs. */
function refusalOf(error: FastifyError): ApiError | null {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError(415, null, 'send the body as content-type application/json')
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return badInput(null, 'a segment of the path is too long')
    case 'FST_ERR_BAD_URL':
      return badInput(null, 'the path is not valid percent-encoded UTF-8')
    default:
      return error.statusCode !== undefined && error.statusCode < 500
        ? badInput(null, error.message)
        : null
  }
}

/** Without the query, whose values may be personal data. */
const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? ''

/**
 * Responds with the error body of the API document. Anything but an `ApiError` is our defect: 500,
 * logged.
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
      field: null,
    })
    return
  }
  // If the caller has disconnected, stopping its work is normal and not logged.
  if (refusal.status === 503 && !request.raw.socket.destroyed)
    request.log.warn({ err: refusal, path: pathOf(request) }, 'request not served')
  reply.code(refusal.status).headers(refusal.headers).send(errorBody(refusal))
}

export const routeNotFound = (request: FastifyRequest): ApiError =>
  new ApiError(404, null, `there is no route ${request.method} ${shortened(pathOf(request))}`)

/** 404 for an operation of the published API that this server does not implement. */
export const notServed = (request: FastifyRequest): ApiError =>
  new ApiError(
    404,
    null,
    `${request.method} ${shortened(pathOf(request))} is in the published API, but not served yet`,
  )

/** `isPublished`: the published API has this method on the path. */
export function methodNotAllowed(
  request: FastifyRequest,
  { allowed, isPublished }: { allowed: readonly string[]; isPublished: boolean },
): ApiError {
  const takes = allowed.join(', ')
  const why = isPublished ? 'is in the published API, but not served yet on' : 'is not a method of'
  return new ApiError(405, null, `${request.method} ${why} this path; it takes ${takes}`, {
    headers: { allow: takes },
  })
}
