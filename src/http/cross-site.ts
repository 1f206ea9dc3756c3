import type { FastifyRequest } from 'fastify'
import { originOf } from '../access/index.ts'
import { ApiError } from '../kernel/errors.ts'

/**
 * A proxy that adds the key to whatever it passes on makes the key ambient: then a page of anybody
 * could write by an empty form, which browsers send across sites without asking. So a write that a
 * browser says comes from elsewhere is refused, whatever credential it carries.
 */
const elsewhere = (message: string): ApiError => new ApiError(403, 'AccessDeniedError', message)

/** 403 for a write that another site makes a browser send: known before anybody is. */
export function refuseCrossSite({ headers }: FastifyRequest): void {
  if (/\bcross-site\b/i.test(String(headers['sec-fetch-site'] ?? '')))
    throw elsewhere('Sec-Fetch-Site: a browser may not write from another site')
}

/** 403 for a write from a page that is neither of this server nor of an origin in `allowed`. */
export function refuseForeignOrigin(request: FastifyRequest, allowed: readonly string[]): void {
  const { origin } = request.headers
  if (origin === undefined) return
  const normal = originOf(origin)
  if (normal !== null && (normal === ownOrigin(normal, request.host) || allowed.includes(normal)))
    return
  throw elsewhere(
    'Origin: the page is neither of this server nor of an origin that the environment allows ' +
      '(allowedOrigins of its settings)',
  )
}

/**
 * This server as the caller sees it. The scheme is the caller's: what ends TLS in front of the
 * server need not say that it did.
 */
const ownOrigin = (given: string, host: string): string | null =>
  originOf(`${given.slice(0, given.indexOf('://'))}://${host}`)
