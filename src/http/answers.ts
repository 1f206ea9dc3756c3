import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ApiError, tooManyRequests, unavailable } from '../kernel/errors.ts'
import { type Bound, createByteShare, type ShareBounds } from './byte-share.ts'
import { createWaitingShare, type WaitingShare } from './waiting-share.ts'

/** Shorter texts are sent as they are, in characters: it would save no packet. */
const COMPRESSED_FROM = 1024
/** Shorter texts are not counted, in characters: connections are bounded. */
const COUNTED_FROM = 16_384
/** How long an answer waits for others to be read, in milliseconds. */
const WAIT_MS = 2000
/** A third of the time of the usual level, for a tenth more bytes. */
const LEVEL = 3

const compress = promisify<Buffer | string, object, Buffer>(gzip)

export type Answers = { bytesInUse(): number }

/** Names whose answer it is, null where nobody is known. */
export type OwnerOf = (request: FastifyRequest) => string | null

/**
 * Compresses answers for those who take gzip, and bounds the bytes of those that are being sent: a
 * caller that does not read its answer holds it until its connection is closed. What was written is
 * answered in any case; a read that does not fit after a while is 503, or 429 where answers to the
 * same caller are in the way.
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
  const held = await hold(plain.length, sending)
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

type Hold = { shrinkTo(length: number): void }

/** What was written is answered in any case; documents and metrics are nobody's. */
const UNCOUNTED: Hold = { shrinkTo: () => {} }

/** Counts bytes until the answer has been taken. Throws 429 and 503. */
async function hold(length: number, { request, reply, share, owner }: SendContext): Promise<Hold> {
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
    ? unavailable('too many large answers are being sent; try again in 1 s')
    : tooManyRequests('too many answers of this credential are not read; read them first', {
        'retry-after': '1',
      })

function varyByEncoding(reply: FastifyReply): void {
  const vary = String(reply.getHeader('vary') ?? '')
  if (/\baccept-encoding\b/i.test(vary)) return
  reply.header('vary', vary === '' ? 'accept-encoding' : `${vary}, accept-encoding`)
}

/** Whether a client takes gzip, by the header in which it says so. */
export function acceptsGzip(header: string | undefined): boolean {
  const [named, any] = ['(?:x-)?gzip', '\\*'].map((coding) =>
    new RegExp(`(?:^|,)\\s*${coding}\\s*(?:;\\s*q\\s*=\\s*([\\d.]+)\\s*)?(?=,|$)`, 'i').exec(
      header ?? '',
    ),
  )
  const found = named ?? any ?? null
  return found !== null && Number(found[1] ?? 1) > 0
}
