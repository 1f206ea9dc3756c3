import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openShop } from '../../../test/support/shop.ts'
import { openWorld } from '../../../test/support/world.ts'
import { systemOrigin } from '../../kernel/origin.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import type { Scope } from '../../kernel/scope.ts'
import { entitlements } from '../../sources.ts'
import { createEngineContext } from '../cache/index.ts'
import { createUsageWriter } from './writer.ts'

const world = await openWorld()
const app = {
  ...world.bursar.app,
  config: { ...world.bursar.app.config, stateCacheBytes: 1_000_000 },
}
const FEATURES = { calls: { resetPeriod: 'MONTH' } } as const
let keys = 0

/** A server with memory of its own, which consumes `calls` of acme. */
function openServer(scope: Scope) {
  const context = createEngineContext(entitlements)
  const writer = createUsageWriter(app, context)
  const consume = async (amount: number, kind: 'enforce' | 'record' = 'enforce') => {
    keys += 1
    const use = {
      customerId: 'acme',
      resourceId: null,
      featureId: 'calls',
      amount: wholeUnits(amount),
      idempotencyKey: `key ${keys}`,
      mode: { kind },
      tooDistant: null,
      hasDimensions: false,
      timestamp: null,
      dimensions: {},
      dimensionsText: null,
    }
    return (await writer.consume({ scope, origin: systemOrigin('test') }, use)).isGranted
  }
  return { consume, batches: () => ({ ...context.counts(app).batches }) }
}

test('a use is decided on what the use before it has left in memory', async () => {
  const { tenant, usage } = await openShop(world, FEATURES)
  const { consume, batches } = openServer(tenant.scope)
  assert.equal(await consume(600), true)
  assert.equal(await consume(401), false)
  assert.equal(await consume(400), true)
  assert.equal(await consume(1), false)
  assert.equal(await consume(7, 'record'), false)
  assert.equal(await consume(1), false)
  assert.deepEqual(batches(), { hits: 5, misses: 1 })
  assert.equal(await usage('calls'), 1007)
})

test('what another server has counted in between is read', async () => {
  const { tenant, usage } = await openShop(world, FEATURES)
  const [first, second] = [openServer(tenant.scope), openServer(tenant.scope)]
  assert.equal(await first.consume(500), true)
  assert.equal(await second.consume(499), true)
  assert.equal(await first.consume(2), false)
  assert.equal(await first.consume(1), true)
  assert.equal(await second.consume(1), false)
  assert.deepEqual(first.batches(), { hits: 1, misses: 2 })
  assert.deepEqual(second.batches(), { hits: 0, misses: 2 })
  assert.equal(await usage('calls'), 1000)
})

test('the first use after a window ends counts in the next one', async () => {
  const { tenant, usage } = await openShop(world, FEATURES)
  const { consume } = openServer(tenant.scope)
  assert.equal(await consume(1000), true)
  assert.equal(await consume(1), false)
  const before = world.clock.now()
  const month = new Date(before)
  world.clock.moveTo(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 1))
  try {
    assert.equal(await consume(1000), true)
    assert.equal(await consume(1), false)
    assert.equal(await usage('calls'), 1000)
  } finally {
    world.clock.moveTo(before)
  }
})
