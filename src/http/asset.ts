import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { acceptsGzip } from './answers.ts'

const compressed = promisify(gzip)

/** A year. The URL of an asset contains its version, so its content never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable'

export type Asset = { readonly url: string; readonly type: string; load(): Promise<Buffer> }

type Content = { readonly plain: Buffer; readonly zipped: Buffer; readonly tag: string }

/** Sends a file of a page under a URL that changes with its content. */
export function mountAsset(server: FastifyInstance, { url, type, load }: Asset): void {
  let loading: Promise<Content> | null = null
  server.get(url, async (request, reply) => {
    // Loaded at the first request, because most servers get none.
    loading ??= load().then(contentOf)
    const { plain, zipped, tag } = await loading.catch((error) => {
      loading = null
      throw error
    })
    const isZipped = acceptsGzip(request.headers['accept-encoding'])
    const etag = isZipped ? `"${tag}-gzip"` : `"${tag}"`
    reply
      .headers({ etag, 'cache-control': FOR_EVER, vary: 'accept-encoding' })
      .header('x-content-type-options', 'nosniff')
    if (request.headers['if-none-match']?.includes(etag)) return reply.code(304).send()
    if (isZipped) reply.header('content-encoding', 'gzip')
    return reply.type(type).send(isZipped ? zipped : plain)
  })
}

async function contentOf(plain: Buffer): Promise<Content> {
  const zipped = await compressed(plain, { level: 9 })
  const tag = createHash('sha256').update(plain).digest('hex').slice(0, 32)
  return { plain, zipped, tag }
}
