import type { FastifyInstance } from 'fastify'
import type { App } from '../app.ts'
import { isUnreachable } from '../db/index.ts'
import { unavailable } from '../kernel/errors.ts'
import type { Contract } from './contract.ts'
import { homePage } from './home-page.ts'

/** What needs no credential: health, the contract, and a page that says what runs here. */
export function mountOpenRoutes(
  server: FastifyInstance,
  from: { app: App; contract: Contract; version: string },
): void {
  const { app, contract, version } = from
  const document = JSON.stringify(contract.document)
  const page = homePage(version)

  server.get('/health/live', async () => ({ status: 'live' }))
  server.get('/health/ready', async () => {
    await app.db
      .withClient((client) => client.query('select 1'))
      .catch((error) => {
        throw isUnreachable(error) ? unavailable('the database is out of reach') : error
      })
    return { status: 'ready' }
  })
  server.get('/openapi.json', (_, reply) => {
    reply.type('application/json; charset=utf-8').send(document)
  })
  server.get('/', (_, reply) => {
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .header('x-content-type-options', 'nosniff')
      .send(page)
  })
}
