import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { mountAsset } from './asset.ts'
import { type Look, referencePage } from './reference-page.ts'

/** The renderer runs only in browsers. The server only sends its files. */
const PACKAGE = import.meta.resolve('swagger-ui-dist/package.json')
const SCRIPT = { name: 'swagger-ui-bundle.js', type: 'text/javascript; charset=utf-8' }
const STYLE = { name: 'swagger-ui.css', type: 'text/css; charset=utf-8' }

/**
 * `GET /docs`: the API reference, where operations can be tried. All files of the page come from
 * this server. It looks like the console, whose files it uses.
 */
export function mountReference(server: FastifyInstance, look: Look): void {
  const { version } = JSON.parse(readFileSync(new URL(PACKAGE), 'utf8')) as { version: string }
  const addressOf = ({ name }: { name: string }) => `/docs/${version}/${name}`
  const { html, policy } = referencePage({
    script: addressOf(SCRIPT),
    style: addressOf(STYLE),
    look,
  })
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
  for (const asset of [SCRIPT, STYLE])
    mountAsset(server, {
      url: addressOf(asset),
      type: asset.type,
      load: () => readFile(new URL(asset.name, PACKAGE)),
    })
}
