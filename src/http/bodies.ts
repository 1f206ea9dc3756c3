import type { ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { type ApiError, badInput, tooManyRequests, unavailable } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import { createByteShare, type ShareBounds } from './byte-share.ts'

/**
 * Bodies up to this many bytes are not counted: the number of connections is bounded, and each
 * serves hardly more than one request at a time.
 */
const SMALL_BYTES = 8192

/** An admitted body, until its request has its response. */
export type AdmittedBody = {
  /** The maximum size in bytes. */
  readonly limit: number
  /** The size in bytes by the header, or null for a chunked body. */
  readonly declared: number | null
  /** Counts more bytes as they arrive. Throws 429 or 503. */
  grow(bytes: number): void
}

type Exchange = Pick<FastifyRequest, 'headers'> & { response: ServerResponse }

/** Counts the bytes of bodies from their arrival until the response to their request. */
export type Bodies = {
  /**
   * Counts a body before it is read, by the length in its header. Throws 429 if its owner and 503
   * if all owners together would hold too many bytes. A body that is too long is refused when it is
   * read.
   */
  admit(owner: string, exchange: Exchange, limit: number): AdmittedBody
  inUse(): number
}

/** Returns the length of a body by its header, in bytes, or null for a chunked body. */
export const declaredIn = (headers: FastifyRequest['headers']): number | null =>
  headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : null

export function createBodies(bounds: ShareBounds): Bodies {
  const share = createByteShare(bounds)
  return {
    admit: (owner, { headers, response }, limit) => {
      let held = 0
      const grow = (bytes: number) => {
        // The caller has disconnected, so no event would release the bytes.
        if (response.destroyed) throw badInput(inBody(), 'the body is incomplete')
        const bound = share.take(owner, bytes)
        if (bound !== null) throw refusalFor(bound)
        if (held === 0) response.once('close', () => share.give(owner, held))
        held += bytes
      }
      const declared = declaredIn(headers)
      if (declared !== null && declared > SMALL_BYTES && declared <= limit) grow(declared)
      return { limit, declared, grow }
    },
    inUse: share.inUse,
  }
}

function refusalFor(bound: 'owner' | 'all'): ApiError {
  if (bound === 'all')
    return unavailable('too many large requests are in progress; try again in 1 s')
  return tooManyRequests('too many bytes are being sent with this credential; try again in 1 s', {
    'retry-after': '1',
  })
}
