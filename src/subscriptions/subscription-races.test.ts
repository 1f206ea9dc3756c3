import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { openTwoServers } from '../../test/support/world.ts'
import { publishEntitlements } from '../handlers.ts'
import { runDueWork } from '../jobs/due-work.ts'
import { subscriptionWork } from './settle-work.ts'

const [first, second] = await openTwoServers()
const { list, open, provision, tenant } = subscriptionsIn(first)

const COUNT = 50
const PLANS = ['free', 'basic', 'pro', 'other', 'deal', 'tried', 'passing']
const STRATEGIES = ['END_OF_BILLING_PERIOD', 'IMMEDIATE']

/** At most one of a kind is in force in a line, and one is to start. */
function assertCardinality(found: Awaited<ReturnType<typeof list>>): void {
  for (const status of ['ACTIVE', 'IN_TRIAL', 'NOT_STARTED'])
    assert.ok(found.filter((each) => each.status === status).length <= 1, status)
}

test('however requests of two servers race, a line has at most one subscription of a kind', async () => {
  await open()
  await provision({ id: 'start', planId: 'basic' })
  const here = tenant()
  const there = here.through(second)
  const ids = ['start', 'next']
  const calls = Array.from({ length: COUNT }, (_, index) => {
    const server = index % 2 === 0 ? here : there
    const id = ids[Math.floor(index / 2) % ids.length] ?? 'start'
    const kind = index % 5
    if (kind === 0) return server.call('v1.subscriptions.cancel', { params: { id }, body: {} })
    if (kind === 1)
      return server.call('v1.subscriptions.update', {
        params: { id },
        body: {
          metadata: { [`m${index}`]: 'x' },
          addons: [{ id: 'more', quantity: 1 + (index % 3) }],
        },
      })
    const planId = PLANS[index % PLANS.length]
    const strategy = index % 7 === 0 ? { scheduleStrategy: STRATEGIES[index % 2] } : {}
    const start = index % 11 === 0 ? { startDate: '2026-08-01T00:00:00Z' } : {}
    const named = index % 3 === 0 ? { id } : {}
    const body = { customerId: 'acme', planId, ...named, ...strategy, ...start }
    return server.call('v1.subscriptions.provision', { body })
  })
  const statuses = (await Promise.all(calls)).map(({ status }) => status)
  assert.deepEqual(
    statuses.filter((status) => status >= 500),
    [],
  )
  assert.ok(statuses.filter((status) => status < 300).length >= COUNT / 5)
  assertCardinality(await list({ customerId: 'acme' }))
})

test('the due work of two servers and requests settle a line once', async () => {
  await open()
  await provision({ id: 'a', planId: 'tried' })
  first.clock.moveTo(Date.parse('2026-07-02T00:00:00Z'))

  const handlers = subscriptionWork(publishEntitlements)
  const update = () =>
    tenant().call('v1.subscriptions.update', {
      params: { id: 'a' },
      body: { metadata: { a: 'b' } },
    })
  const outcomes = await Promise.all([
    runDueWork(first.bursar.app, handlers),
    update(),
    runDueWork(second.bursar.app, handlers),
    update(),
  ])
  assert.equal(outcomes.length, 4)
  const converted = (await tenant().announced()).filter(
    ({ type }) => type === 'subscription.trial_converted',
  )
  assert.equal(converted.length, 1)
  assert.equal((await list({ customerId: 'acme' }))[0]?.status, 'ACTIVE')
})
