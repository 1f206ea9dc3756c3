import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import pino from 'pino'
import type { Database } from '../../src/db/index.ts'
import { WrongClock } from '../../src/kernel/errors.ts'
import { createBursar } from '../../src/main.ts'
import { contract } from '../support/api-document.ts'
import { testConnection } from '../support/connection.ts'
import { requestOf } from '../support/contract-client.ts'
import { openWorld, withMade } from '../support/world.ts'
import { calls } from './calls.ts'
import { furnishIn } from './furnish.ts'

/** Each operation that writes, on a server that finds its clock wrong after the writes. */

const world = await openWorld()
const { app } = world.bursar

let isWrong = false
const now = () => {
  if (isWrong) throw new WrongClock()
  return app.clock.now()
}
const transaction: Database['transaction'] = async (work, options) => {
  const result = await app.db.transaction(work, options)
  isWrong = true
  return result
}
const bursar = await createBursar({
  app: {
    ...app,
    clock: { ...app.clock, now },
    // With epochs of its own, it shares nothing in memory with the server that prepares the tests.
    db: { ...app.db, epochs: { ...app.db.epochs }, transaction, close: async () => {} },
  },
  connection: testConnection(),
  log: pino({ level: 'silent' }),
  clock: null,
})
await bursar.jobs.stop()
await bursar.server.ready()
after(() => bursar.close())

for (const { id, primaryId, method, successStatus } of contract.operations)
  if (method !== 'GET')
    test(`${id}: a committed write succeeds, even if the clock becomes wrong right after it`, async () => {
      const tenant = await furnishIn(world, 'mark')
      const request = withMade(tenant.made, calls[primaryId]('mark'))
      const asked = { ...request, twin: id !== primaryId, apiKey: tenant.key }
      isWrong = false
      const { statusCode } = await bursar.server.inject(requestOf(primaryId, asked))
      assert.deepEqual([statusCode, isWrong], [successStatus, true])
    })
