import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../kernel/errors.ts'
import { type Bodies, declaredIn, type LetIn } from './bodies.ts'
import { routeNotFound } from './error-body.ts'
import { createBodyParser } from './large-body.ts'
import { readBody, tooLarge } from './read-body.ts'

/** Bodies of ordinary operations, in bytes. */
export const BODY_LIMIT = 1_048_576

/** Of every answer in JSON. */
export const JSON_TYPE = 'application/json; charset=utf-8'

/** Set on a request once its body is let in, before it is read. */
const LET_IN = 'bodyLetIn'

/**
 * Lets the body of a request in, for whoever sends it. Throws 429 and 503, see `Bodies`. To be
 * called once the caller is known and permitted. The few routes that are none of the contract's do
 * without: their bodies have the limit of ordinary ones.
 */
export type LetBodyIn = (
  exchange: { request: FastifyRequest; reply: FastifyReply },
  owner: string,
  limit: number,
) => void

/** Takes JSON in UTF-8, as it is or in gzip, and nothing else. */
export function takeJson(server: FastifyInstance, bodies: Bodies): LetBodyIn {
  const parse = createBodyParser()
  server.decorateRequest(LET_IN, null)
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', async (request: FastifyRequest) => {
    const body = letInOf(request)
    refuseCharset(request)
    const isGzip = isGzipped(request)
    return parse(await readBody(request.raw, { ...body, isGzip }))
  })
  // Nothing, in whatever form, is no body.
  server.addContentTypeParser('*', async (request: FastifyRequest) => {
    const { declared } = letInOf(request)
    const limit = 0
    const refuse = () => {
      throw unsupportedMediaType('send the body as content-type application/json')
    }
    if (declared !== null && declared > limit) refuse()
    await readBody(request.raw, { limit, declared, grow: refuse, isGzip: false })
  })
  return ({ request, reply }, owner, limit) => {
    const { headers } = request
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
      return
    request.setDecorator<LetIn>(
      LET_IN,
      bodies.letIn(owner, { headers, response: reply.raw }, limit),
    )
  }
}

/** 404 before anything is read; 413 for what says itself that it is too long. */
function letInOf(request: FastifyRequest): LetIn {
  if (request.is404) throw routeNotFound(request)
  const body = request.getDecorator<LetIn | null>(LET_IN) ?? uncounted(request)
  if (body.declared !== null && body.declared > body.limit) throw tooLarge()
  return body
}

const uncounted = ({ headers }: FastifyRequest): LetIn => ({
  limit: BODY_LIMIT,
  declared: declaredIn(headers),
  grow: () => {},
})

function refuseCharset({ headers }: FastifyRequest): void {
  const charset = /charset\s*=\s*"?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset))
    throw unsupportedMediaType('send the body in UTF-8')
}

/** Whether a body comes in gzip. 415 for any other encoding, with the ones that are taken. */
function isGzipped({ headers }: FastifyRequest): boolean {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity') return false
  if (encoding === 'gzip' || encoding === 'x-gzip') return true
  throw unsupportedMediaType('send the body as it is, or with content-encoding gzip', {
    'accept-encoding': 'gzip, identity',
  })
}

const unsupportedMediaType = (message: string, headers: Record<string, string> = {}) =>
  new ApiError(415, null, message, headers)
