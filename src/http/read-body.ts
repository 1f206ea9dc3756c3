import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ApiError, badInput } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import { leaveRest } from './unread-body.ts'

export type BodyRead = {
  readonly isGzip: boolean
  /** The maximum size of the body before compression, in bytes. */
  readonly limit: number
  /** Called for bytes that were not declared, and for bytes that decompression produces. */
  readonly grow: (bytes: number) => void
  readonly declared: number | null
}

export const tooLarge = (): ApiError =>
  new ApiError(413, null, 'the body is larger than this operation allows')

/**
 * Returns the chunks of a body, decompressed if necessary. Throws 413 as soon as the limit is
 * exceeded, which stops a decompression bomb early, and 400 for invalid gzip.
 */
export function readBody(raw: IncomingMessage, reading: BodyRead): Promise<Buffer[]> {
  const { isGzip, limit, grow, declared } = reading
  if (declared === 0) return Promise.resolve([])
  const whenArrived = declared === null ? grow : () => {}
  if (!isGzip)
    return collect(raw, limit, whenArrived).catch((error) => {
      leaveRest(raw)
      throw error
    })
  const gunzip = createGunzip()
  let arrived = 0
  raw.on('data', (chunk: Buffer) => {
    arrived += chunk.length
    try {
      if (arrived > limit) throw tooLarge()
      whenArrived(chunk.length)
    } catch (error) {
      gunzip.destroy(error as Error)
    }
  })
  raw.once('close', () => {
    if (!raw.readableEnded) gunzip.destroy(cutOff())
  })
  raw.pipe(gunzip)
  return collect(gunzip, limit, grow)
    .catch((error) => {
      throw error instanceof ApiError ? error : badInput(inBody(), 'body: not valid gzip')
    })
    .finally(() => {
      raw.unpipe(gunzip)
      leaveRest(raw)
      gunzip.destroy()
    })
}

const cutOff = () => badInput(inBody(), 'the body is incomplete')

function collect(
  stream: Readable,
  limit: number,
  grow: (bytes: number) => void,
): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const onData = (chunk: Buffer) => {
      length += chunk.length
      try {
        if (length > limit) throw tooLarge()
        grow(chunk.length)
      } catch (error) {
        stream.off('data', onData)
        stream.pause()
        reject(error)
        return
      }
      chunks.push(chunk)
    }
    stream.on('data', onData)
    stream.once('end', () => resolve(chunks))
    stream.once('error', reject)
    // A new error costs its stack, and nearly every stream has ended when it closes.
    stream.once('close', () => {
      if (!stream.readableEnded) reject(cutOff())
    })
  })
}
