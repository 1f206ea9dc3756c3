import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { verdict } from '../../test/support/decisions.ts'
import { openWorldApart, type Tenant } from '../../test/support/world.ts'
import { instantToWire } from '../kernel/clock.ts'

/**
 * A database of its own, because moving the clock by a month purges keys and runs due work in the
 * whole database.
 */
const world = await openWorldApart()
const { clock } = world
const MINUTE_MS = 60_000
const WITHIN_MS = 5 * MINUTE_MS
const ahead = (ms: number) => ago(-ms)
const ago = (ms: number) => ({ timestamp: instantToWire(clock.now() - ms) })

const ways = ['v1.customers.consume', 'v1.customers.reservations.create'] as const
const refuses = (tenant: Tenant, operation: (typeof ways)[number], body: object, message: RegExp) =>
  tenant.refused(
    operation,
    { params, body: { featureId: FEATURE, amount: 1, idempotencyKey: 'other', ...body } },
    { status: 400, code: 'InvalidArgumentError', message },
  )
/** An agency that grants a use with this timestamp. */
async function openGranting(operation: (typeof ways)[number], stated: { timestamp: string }) {
  const { tenant } = await openAgency(world)
  const body = { featureId: FEATURE, amount: 1, idempotencyKey: 'k', ...stated }
  const { data } = await tenant.ok(operation, { params, body })
  assert.equal(data.isGranted, true)
  return { tenant, body }
}
const OLD = /^timestamp is more than 5 minutes ago; .*record/
const EARLY = /^timestamp is more than 5 minutes in the future; .*record/

for (const [hour, stated] of [
  ['before', ago],
  ['ahead', ahead],
] as const)
  test(`the windows of the hour ${hour} cannot all be used up at one moment`, async () => {
    const { tenant, consume } = await openAgency(world)
    const assignments = [{ entityId: 'bob', featureId: FEATURE, usageLimit: 5, cadence: 'PT1M' }]
    const start = clock.now()
    await tenant.ok('v1Beta.customers.assignments.upsert', { params, body: { assignments } })
    clock.moveTo(start + 60 * MINUTE_MS)
    try {
      let granted = 0
      for (let minute = 0; minute < 60; minute += 1) {
        const body = {
          ...{ featureId: FEATURE, amount: 5, dimensions: { userId: 'bob' } },
          ...{ idempotencyKey: `of ${minute}`, ...stated(minute * MINUTE_MS) },
        }
        const { success } = await tenant.call('v1.customers.consume', { params, body })
        if (success?.data.isGranted) granted += 5
      }
      assert.equal(granted, 6 * 5, 'of now, and of five minutes')
      assert.equal(verdict(await consume(1, { userId: 'bob' })), 'BudgetExceeded')
    } finally {
      clock.moveTo(start)
    }
  })

for (const operation of ways)
  test(`${operation}: consumption up to five minutes ago is decided, earlier consumption is refused`, async () => {
    const { tenant } = await openGranting(operation, ago(WITHIN_MS))
    await refuses(tenant, operation, ago(WITHIN_MS + 1), OLD)
    await refuses(tenant, operation, { ...ago(40 * 86_400_000), dimensions: ANN }, OLD)
  })

for (const operation of ways)
  test(`${operation}: consumption up to five minutes ahead is decided, later consumption is refused`, async () => {
    const { tenant, body } = await openGranting(operation, ahead(WITHIN_MS))
    const later = ahead(WITHIN_MS + 1)
    await refuses(tenant, operation, later, EARLY)
    await refuses(tenant, operation, { ...ahead(60 * MINUTE_MS), dimensions: ANN }, EARLY)
    const again = await tenant.ok(operation, { params, body: { ...body, ...later } })
    assert.equal(again.data.replayed, true)
  })

for (const operation of ways)
  test(`${operation}: a repetition is answered, however old it is`, async () => {
    const { tenant } = await openAgency(world, { usageLimit: 1 })
    const start = clock.now()
    const bodies = ['granted', 'denied'].map((idempotencyKey) => ({
      ...{ featureId: FEATURE, amount: 1, idempotencyKey, ...ago(0) },
    }))
    const ask = async (body: object) => (await tenant.ok(operation, { params, body })).data
    const first = []
    for (const body of bodies) first.push(verdict(await ask(body)))
    clock.moveTo(start + 30 * 86_400_000)
    try {
      for (const [n, body] of bodies.entries()) {
        const again = await ask(body)
        assert.deepEqual([verdict(again), again.replayed], [first[n], true])
      }
    } finally {
      clock.moveTo(start)
    }
  })

test('mode record accepts usage from any time in the past', async () => {
  const { consume } = await openAgency(world)
  const recorded = await consume(3, ANN, { mode: 'record', ...ago(400 * 86_400_000) })
  assert.equal(verdict(recorded), 'granted recorded')
})

test('mode record accepts usage up to an hour ahead', async () => {
  const { consume } = await openAgency(world)
  const recorded = await consume(3, ANN, { mode: 'record', ...ahead(60 * MINUTE_MS) })
  assert.equal(verdict(recorded), 'granted recorded')
})

test('the age of usage is measured by the clock of the server, even if another server is ahead', async () => {
  const { consume } = await openAgency(world)
  const start = clock.now()
  clock.moveTo(start + 2 * WITHIN_MS)
  await consume(1, ANN)
  clock.moveTo(start)
  assert.equal(verdict(await consume(1, ANN, ago(WITHIN_MS))), 'granted recorded')
})

test('consumption of a currency is refused if it is too long ago or too far ahead, too', async () => {
  const { tenant } = await openAgency(world)
  await tenant.ok('v1.credits.customCurrencies.create', { body: { id: 'c', displayName: 'C' } })
  const currency = { featureId: undefined, currencyId: 'c' }
  for (const operation of ways) {
    await refuses(tenant, operation, { ...currency, ...ago(WITHIN_MS + 1) }, OLD)
    await refuses(tenant, operation, { ...currency, ...ahead(WITHIN_MS + 1) }, EARLY)
  }
})
