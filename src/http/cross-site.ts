import type { FastifyRequest } from 'fastify'
import { originOf } from '../access/index.ts'
import { ApiError } from '../kernel/errors.ts'

/**
 * If a proxy adds the key to every request, a page of any site could write with an empty form,
 * which browsers send across sites. So a write that the browser marks as cross-site is refused,
 * whatever credential it carries.
 */
const elsewhere = (message: string): ApiError => new ApiError(403, 'AccessDeniedError', message)

/** 403 for a write that a page of another site makes. This needs no authentication. */
export function refuseCrossSite({ headers }: FastifyRequest): void {
  if (/\bcross-site\b/i.test(String(headers['sec-fetch-site'] ?? '')))
    throw elsewhere('Sec-Fetch-Site: a page of another site may not write')
}

/**
 * 403 for a write from a page that belongs neither to this server nor to an origin in `allowed`.
 */
export function refuseForeignOrigin(request: FastifyRequest, allowed: readonly string[]): void {
  const { origin } = request.headers
  if (origin === undefined) return
  const normal = originOf(origin)
  if (normal !== null && (normal === ownOrigin(normal, request.host) || allowed.includes(normal)))
    return
  throw elsewhere(
    'Origin: the page belongs neither to this server nor to an origin ' +
      'that the environment allows ' +
      '(allowedOrigins of its settings)',
  )
}

/**
 * Returns the origin of this server as the caller sees it. The scheme is that of the caller,
 * because a proxy that ends TLS may not report it.
 */
const ownOrigin = (given: string, host: string): string | null =>
  originOf(`${given.slice(0, given.indexOf('://'))}://${host}`)
