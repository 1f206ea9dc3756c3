import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { BODY_LIMIT } from '../config.ts'
import { ApiError } from '../kernel/errors.ts'
import { type AdmittedBody, type Bodies, declaredIn } from './bodies.ts'
import { routeNotFound } from './error-body.ts'
import { createBodyParser } from './large-body.ts'
import { readBody, tooLarge } from './read-body.ts'

/** The content type of every JSON response. */
export const JSON_TYPE = 'application/json; charset=utf-8'

/** Request property: the admitted body. Set before the body is read. */
const ADMITTED = 'admittedBody'

/**
 * Admits the body of a request for its owner. Throws 429 and 503, see `Bodies`. Call it after
 * authentication and authorization. The few routes outside of the API document do not call it;
 * their bodies have the usual limit.
 */
export type AdmitBody = (
  exchange: { request: FastifyRequest; reply: FastifyReply },
  owner: string,
  limit: number,
) => void

/** Accepts JSON in UTF-8, plain or in gzip, and nothing else. */
export function takeJson(server: FastifyInstance, bodies: Bodies): AdmitBody {
  const parse = createBodyParser()
  server.decorateRequest(ADMITTED, null)
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', async (request: FastifyRequest) => {
    const body = admittedBodyOf(request)
    refuseCharset(request)
    const isGzip = isGzipped(request)
    return parse(await readBody(request.raw, { ...body, isGzip }))
  })
  // An empty body counts as no body, whatever its content type.
  server.addContentTypeParser('*', async (request: FastifyRequest) => {
    const { declared } = admittedBodyOf(request)
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
    request.setDecorator<AdmittedBody>(
      ADMITTED,
      bodies.admit(owner, { headers, response: reply.raw }, limit),
    )
  }
}

/** 404 before anything is read. 413 for a declared length over the limit. */
function admittedBodyOf(request: FastifyRequest): AdmittedBody {
  if (request.is404) throw routeNotFound(request)
  const body = request.getDecorator<AdmittedBody | null>(ADMITTED) ?? uncounted(request)
  if (body.declared !== null && body.declared > body.limit) throw tooLarge()
  return body
}

const uncounted = ({ headers }: FastifyRequest): AdmittedBody => ({
  limit: BODY_LIMIT,
  declared: declaredIn(headers),
  grow: () => {},
})

function refuseCharset({ headers }: FastifyRequest): void {
  const charset = /charset\s*=\s*"?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset))
    throw unsupportedMediaType('send the body in UTF-8')
}

/**
 * Returns whether a body is compressed with gzip. 415 for any other encoding, with the accepted
 * ones.
 */
function isGzipped({ headers }: FastifyRequest): boolean {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity') return false
  if (encoding === 'gzip' || encoding === 'x-gzip') return true
  throw unsupportedMediaType('send the body as it is, or with content-encoding gzip', {
    'accept-encoding': 'gzip, identity',
  })
}

const unsupportedMediaType = (message: string, headers: Record<string, string> = {}) =>
  new ApiError(415, null, message, { headers })
