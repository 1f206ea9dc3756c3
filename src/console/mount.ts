import type { FastifyInstance } from 'fastify'
import { contentPolicy, mountAsset } from '../http/index.ts'
import { assert } from '../kernel/assert.ts'
import { readConsoleFiles } from './files.ts'

const BUILD = new URL('../../console/dist/', import.meta.url)

/** The addresses that show the page. The page itself finds the view for them. */
const ADDRESSES = ['/', '/sign-in', '/e/*']

/**
 * Only files of this server, and no inline script or style. Text of customers cannot become markup:
 * the browser refuses every sink of HTML.
 */
const POLICY = contentPolicy({ more: ["require-trusted-types-for 'script'"] })

/**
 * The console: its page at its addresses, and its files. Nothing of it needs authentication.
 * Returns the addresses of files that other pages share.
 */
export function mountConsole(server: FastifyInstance): {
  styles: string
  theme: string
  icon: string
} {
  const { page, folder, assets } = readConsoleFiles(BUILD)
  for (const address of ADDRESSES)
    server.get(address, (_, reply) => {
      reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', POLICY)
        .header('x-content-type-options', 'nosniff')
        .header('x-frame-options', 'DENY')
        .header('referrer-policy', 'no-referrer')
        .header('cross-origin-opener-policy', 'same-origin')
        .header('cache-control', 'no-cache')
        .send(page)
    })
  for (const { name, type, content } of assets)
    mountAsset(server, { url: `${folder}${name}`, type, load: async () => content })
  const addressOf = (name: string) => {
    assert(
      assets.some((asset) => asset.name === name),
      `the console has no ${name}`,
    )
    return `${folder}${name}`
  }
  return {
    styles: addressOf('console.css'),
    theme: addressOf('theme.js'),
    icon: addressOf('icon.svg'),
  }
}
