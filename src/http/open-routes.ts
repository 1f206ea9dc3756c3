import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import type { App } from '../app.ts'
import { unavailable } from '../kernel/errors.ts'
import { acceptsGzip } from './answers.ts'
import type { ApiDocument } from './api-document.ts'
import { catalogSchema } from './catalog-schema.ts'
import { JSON_TYPE } from './content-types.ts'
import { mountReference } from './reference.ts'
import type { Look } from './reference-page.ts'

/** How long the readiness check may take, in milliseconds. */
const READY_LIMIT_MS = 2000

/** Routes without authentication: health, the API document, its reference, a schema of files. */
export function mountOpenRoutes(
  server: FastifyInstance,
  from: { app: App; contract: ApiDocument; look: Look },
): void {
  const { app, contract, look } = from
  const document = Buffer.from(JSON.stringify(contract.document))
  const zippedDocument = gzipSync(document)

  server.get('/health/live', async () => ({ status: 'live' }))
  server.get('/health/ready', async () => {
    app.clock.now()
    const late = delay(READY_LIMIT_MS, null, { ref: false }).then(() => {
      throw unavailable('the database did not respond in time')
    })
    const { isWritable } = await Promise.race([app.db.look(), late])
    if (!isWritable) throw unavailable('the database is a standby or read-only')
    return { status: 'ready' }
  })
  server.get('/openapi.json', (request, reply) => {
    reply.type(JSON_TYPE).header('vary', 'accept-encoding')
    if (!acceptsGzip(request.headers['accept-encoding'])) return reply.send(document)
    return reply.header('content-encoding', 'gzip').send(zippedDocument)
  })
  const schema = Buffer.from(JSON.stringify(catalogSchema(contract)))
  server.get('/catalog.schema.json', (_, reply) => reply.type(JSON_TYPE).send(schema))
  mountReference(server, look)
}
