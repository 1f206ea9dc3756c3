import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import pino from 'pino'
import type { App } from '../../src/app.ts'
import { createBursar } from '../../src/main.ts'
import { contract } from '../support/api-document.ts'
import { testConnection } from '../support/connection.ts'
import { requestOf } from '../support/contract-client.ts'
import { openWorld, withMade } from '../support/world.ts'
import { calls } from './calls.ts'
import { furnish, furnishIn } from './furnish.ts'

const world = await openWorld()
const { app } = world.bursar

/** The number of open transactions of the server under test, now and at most. */
const open = { now: 0, most: 0 }
const transaction: App['db']['transaction'] = async (work, options) => {
  open.now += 1
  open.most = Math.max(open.most, open.now)
  try {
    return await app.db.transaction(work, options)
  } finally {
    open.now -= 1
  }
}
const counted = await createBursar({
  app: { ...app, db: { ...app.db, transaction, close: async () => {} } },
  connection: testConnection(),
  log: pino({ level: 'silent' }),
  clock: world.clock,
})
// What runs in the background has transactions of its own.
await counted.jobs.stop()
await counted.decisionWriter.stop()
await counted.server.ready()
after(() => counted.close())

const writes = contract.operations.filter(
  ({ id, primaryId, method }) => id === primaryId && method !== 'GET',
)

for (const { primaryId, method, serializedBy } of writes) {
  if (serializedBy === 'engine') continue
  test(`${primaryId}: writes with and without keys run one transaction at a time`, async () => {
    const tenant = await furnishIn(world, 'mark')
    open.most = 0
    const request = { ...withMade(tenant.made, calls[primaryId]('mark')), apiKey: tenant.key }
    const keys = method === 'POST' ? [null, 'one', null, 'two'] : [null, null, null]
    await Promise.all(
      keys.map((key) => {
        const headers = key === null ? {} : { 'idempotency-key': key }
        return counted.server.inject(requestOf(primaryId, { ...request, headers }))
      }),
    )
    assert.equal(open.most, 1)
  })
}

test('no request with a key holds a connection while it waits for its serialization key', async () => {
  const narrow = await openWorld({ BURSAR_DATABASE_POOL: '2' })
  const tenant = (await world.tenant()).through(narrow)
  await furnish(tenant, 'mark')
  const posts = writes.filter((each) => each.method === 'POST' && each.serializedBy !== 'engine')
  const answers = await Promise.all(
    posts.flatMap(({ primaryId }) =>
      ['a', 'b', 'c', 'd'].flatMap((key) => {
        const request = calls[primaryId]('mark')
        const keyed = { ...request, headers: { 'idempotency-key': key } }
        return [tenant.call(primaryId, request), tenant.call(primaryId, keyed)]
      }),
    ),
  )
  assert.deepEqual(
    answers.filter(({ status }) => status >= 500).map(({ text }) => text),
    [],
  )
})
