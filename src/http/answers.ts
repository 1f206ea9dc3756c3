import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ApiError, tooManyRequests, unavailable } from '../kernel/errors.ts'
import { type Bound, createByteShare, type ShareBounds } from './byte-share.ts'
import { createWaitingShare, type WaitingShare } from './waiting-share.ts'

/** Responses shorter than this, in characters, are not compressed: that would save no packet. */
const COMPRESSED_FROM = 1024
/**
 * Responses shorter than this, in characters, are not counted, because the number of connections is
 * bounded.
 */
const COUNTED_FROM = 16_384
/** How long a response waits until other responses were read, in milliseconds. */
const WAIT_MS = 2000
/** Takes a third of the time of the default level and makes a tenth more bytes. */
const LEVEL = 3

const compress = promisify<Buffer | string, object, Buffer>(gzip)

export type Answers = { bytesInUse(): number }

/** Returns to whom a response belongs, or null for an unknown caller. */
export type OwnerOf = (request: FastifyRequest) => string | null

/**
 * Compresses responses for callers that accept gzip, and bounds the bytes of responses that are
 * being sent. A caller that does not read its response holds that memory until its connection is
 * closed. Responses to writes are always sent. A read whose response does not fit in time gets 503,
 * or 429 if responses to the same caller are in the way.
 */
export function sendAnswers(
  server: FastifyInstance,
  bounds: ShareBounds,
  ownerOf: OwnerOf,
): Answers {
  const bytes = createByteShare(bounds)
  const share = createWaitingShare(bytes, { waitMs: WAIT_MS, waitingBytes: bounds.all })
  server.addHook('onSend', (request, reply, payload, done) => {
    if (typeof payload !== 'string' || payload.length < COMPRESSED_FROM) done(null, payload)
    else
      prepare(payload, { request, reply, share, owner: ownerOf(request) }).then(
        (prepared) => done(null, prepared),
        (error) => done(error),
      )
  })
  return { bytesInUse: bytes.inUse }
}

type SendContext = {
  request: FastifyRequest
  reply: FastifyReply
  share: WaitingShare
  owner: string | null
}

async function prepare(text: string, sending: SendContext): Promise<Buffer | string> {
  const { request, reply } = sending
  varyByEncoding(reply)
  if (request.method === 'HEAD') return text
  const isZipped = acceptsGzip(request.headers['accept-encoding'])
  if (text.length < COUNTED_FROM) return isZipped ? compressed(text, reply) : text
  const plain = Buffer.from(text)
  const held = await countBytes(plain.length, sending)
  if (!isZipped) return plain
  const zipped = await compressed(plain, reply)
  held.shrinkTo(zipped.length)
  return zipped
}

async function compressed(plain: Buffer | string, reply: FastifyReply): Promise<Buffer> {
  const zipped = await compress(plain, { level: LEVEL })
  reply.header('content-encoding', 'gzip')
  return zipped
}

type CountedBytes = { shrinkTo(length: number): void }

/** Responses to writes are always sent. Documents and metrics belong to nobody. */
const UNCOUNTED: CountedBytes = { shrinkTo: () => {} }

/** Counts bytes until the response was read. Throws 429 and 503. */
async function countBytes(
  length: number,
  { request, reply, share, owner }: SendContext,
): Promise<CountedBytes> {
  if (request.method !== 'GET' || owner === null) return UNCOUNTED
  const bound = await share.take(owner, length)
  if (bound !== null) throw refusalFor(bound)
  let held = length
  const release = (bytes: number) => {
    held -= bytes
    if (bytes > 0) share.give(owner, bytes)
  }
  if (reply.raw.destroyed) release(held)
  else reply.raw.once('close', () => release(held))
  return { shrinkTo: (wanted) => release(Math.max(0, held - wanted)) }
}

const refusalFor = (bound: Bound): ApiError =>
  bound === 'all'
    ? unavailable('too many large responses are being sent; try again in 1 s')
    : tooManyRequests('too many responses to this credential have not been read; read them first', {
        'retry-after': '1',
      })

function varyByEncoding(reply: FastifyReply): void {
  const vary = String(reply.getHeader('vary') ?? '')
  if (/\baccept-encoding\b/i.test(vary)) return
  reply.header('vary', vary === '' ? 'accept-encoding' : `${vary}, accept-encoding`)
}

/** Returns whether the `Accept-Encoding` header of a client accepts gzip. */
export function acceptsGzip(header: string | undefined): boolean {
  const [named, any] = ['(?:x-)?gzip', '\\*'].map((coding) =>
    new RegExp(`(?:^|,)\\s*${coding}\\s*(?:;\\s*q\\s*=\\s*([\\d.]+)\\s*)?(?=,|$)`, 'i').exec(
      header ?? '',
    ),
  )
  const found = named ?? any ?? null
  return found !== null && Number(found[1] ?? 1) > 0
}
