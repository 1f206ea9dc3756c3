import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { acceptsGzip } from './answers.ts'
import { referencePage } from './reference-page.ts'

const compressed = promisify(gzip)

/** The renderer runs only in browsers. The server only sends its files. */
const PACKAGE = import.meta.resolve('swagger-ui-dist/package.json')
const SCRIPT = { name: 'swagger-ui-bundle.js', type: 'text/javascript; charset=utf-8' }
const STYLE = { name: 'swagger-ui.css', type: 'text/css; charset=utf-8' }
/** A year. The URL contains the version, so its content never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable'

/**
 * `GET /docs`: the API reference, where operations can be tried. All files of the page come from
 * this server.
 */
export function mountReference(server: FastifyInstance): void {
  const { version } = JSON.parse(readFileSync(new URL(PACKAGE), 'utf8')) as { version: string }
  const addressOf = ({ name }: { name: string }) => `/docs/${version}/${name}`
  const { html, policy } = referencePage({ script: addressOf(SCRIPT), style: addressOf(STYLE) })
  server.get('/docs', (_, reply) => {
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', policy)
      .header('x-content-type-options', 'nosniff')
      .header('x-frame-options', 'DENY')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-cache')
      .send(html)
  })
  for (const asset of [SCRIPT, STYLE]) mountAsset(server, addressOf(asset), asset)
}

type Asset = { readonly plain: Buffer; readonly zipped: Buffer; readonly tag: string }

function mountAsset(
  server: FastifyInstance,
  url: string,
  { name, type }: { name: string; type: string },
): void {
  let loading: Promise<Asset> | null = null
  server.get(url, async (request, reply) => {
    // Loaded at the first request, because most servers get none.
    loading ??= load(name)
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

async function load(name: string): Promise<Asset> {
  const plain = await readFile(new URL(name, PACKAGE))
  const zipped = await compressed(plain, { level: 9 })
  const tag = createHash('sha256').update(plain).digest('hex').slice(0, 32)
  return { plain, zipped, tag }
}
