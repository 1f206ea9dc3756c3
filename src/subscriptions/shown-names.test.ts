import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { openTwoServers } from '../../test/support/world.ts'
import type { OperationId } from '../api.gen.ts'
import type { Tx } from '../db/index.ts'

const [world, other] = await openTwoServers()
const { open, provision, publishAgain, tenant } = subscriptionsIn(world)

const SITE = { params: { id: 'one' } }
/** Writes to the subscription `one`, which show it. */
const WRITES: readonly [OperationId, object][] = [
  ['v1.subscriptions.update', { ...SITE, body: { metadata: { a: 'b' } } }],
  ['v1.subscriptions.migrate', { ...SITE, body: {} }],
  ['v1.subscriptions.transfer', { ...SITE, body: { destinationResourceId: 'two' } }],
  [
    'v1.subscriptions.provision',
    { body: { customerId: 'acme', planId: 'site', resourceId: 'two', metadata: { c: 'd' } } },
  ],
  ['v1.subscriptions.cancel', { ...SITE, body: { cancellationTime: 'END_OF_BILLING_PERIOD' } }],
]

test('the response of a write names what it has written, whatever follows it', async (t) => {
  await open()
  await provision({ id: 'one', planId: 'site', resourceId: 'one' })
  await publishAgain('site')
  const { db } = world.bursar.app
  const transaction = db.transaction.bind(db)
  const payers: string[] = []
  for (const [operation, request] of WRITES) {
    const mocked = t.mock.method(db, 'transaction', async (work: (tx: Tx) => Promise<unknown>) => {
      const done = await transaction(work)
      mocked.mock.restore()
      const body = { targetCustomerId: 'payer' }
      await tenant()
        .through(other)
        .ok('v1.subscriptions.delegate', { ...SITE, body })
      return done
    })
    const { text } = await tenant().call(operation, request)
    payers.push(...(text.match(/"payingCustomerId":[^,]*/g) ?? [text]))
    await tenant().ok('v1.subscriptions.delegate', { ...SITE, body: { targetCustomerId: 'acme' } })
  }
  assert.deepEqual(
    payers,
    WRITES.map(() => '"payingCustomerId":null'),
  )
})
