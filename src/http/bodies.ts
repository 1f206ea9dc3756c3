import type { ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { type ApiError, badInput, tooManyRequests, unavailable } from '../kernel/errors.ts'
import { createByteShare, type ShareBounds } from './byte-share.ts'

/**
 * Bodies up to this length need not be counted, in bytes: connections are bounded, and on each of
 * them hardly more than one request is served.
 */
const SMALL_BYTES = 8192

/** A body that was let in, until its request is answered. */
export type LetIn = {
  /** Most that it may have, in bytes. */
  readonly limit: number
  /** What its header says, in bytes; null where it comes in chunks. */
  readonly declared: number | null
  /** Counts more bytes, once they are there. Throws 429 or 503. */
  grow(bytes: number): void
}

type Exchange = Pick<FastifyRequest, 'headers'> & { response: ServerResponse }

/** Bytes of bodies, from their arrival until their request is answered. */
export type Bodies = {
  /**
   * Counts a body before it is read, by the length that its header tells. Throws 429 where its
   * owner, 503 where all together would hold too much. One that is too long is left to its reader.
   */
  letIn(owner: string, exchange: Exchange, limit: number): LetIn
  inUse(): number
}

/** The length of a body by its header, in bytes; null where it comes in chunks. */
export const declaredIn = (headers: FastifyRequest['headers']): number | null =>
  headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : null

export function createBodies(bounds: ShareBounds): Bodies {
  const share = createByteShare(bounds)
  return {
    letIn: (owner, { headers, response }, limit) => {
      let held = 0
      const grow = (bytes: number) => {
        // The caller has left: nobody would give the bytes back.
        if (response.destroyed) throw badInput('the body ended before all of it had arrived')
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
  if (bound === 'all') return unavailable('too many large requests are at work; try again in 1 s')
  return tooManyRequests(
    'too many bytes are sent at once with this credential; try again in 1 s, or send one after the other',
    { 'retry-after': '1' },
  )
}
