import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, FEATURE, openAgency, params } from '../../../test/support/agency.ts'
import { openShop } from '../../../test/support/shop.ts'
import { openWorld, type Tenant } from '../../../test/support/world.ts'
import type { App } from '../../app.ts'
import { lockVersions, renewEnvironmentVersion } from '../../customers/index.ts'
import { sql } from '../../db/index.ts'
import { systemOrigin } from '../../kernel/origin.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import type { Scope } from '../../kernel/scope.ts'
import { entitlements } from '../../sources.ts'
import { createEngineContext } from '../cache/index.ts'
import type { ConsumptionInput, ReportInput } from '../types.ts'
import { createUsageWriter } from './writer.ts'

const world = await openWorld({ BURSAR_STATE_CACHE_MB: '128' })
const { app } = world.bursar
const FEATURES = { calls: {}, minutes: { meterType: 'FLUCTUATING' } } as const
const origin = systemOrigin('test')
let keys = 0

type Way = 'at once' | 'refused' | 'locked'

/** An application that notes which way its batches are written. */
function noting(ways: Way[]): App {
  const { db } = app
  return {
    ...app,
    db: {
      ...db,
      write: async (...of) => {
        await db.write(...of).catch((error) => {
          ways.push('refused')
          throw error
        })
        ways.push('at once')
      },
      transaction: async (...of) => {
        ways.push('locked')
        return db.transaction(...of)
      },
    },
  }
}

/** A server with memory of its own. Each call also returns the ways of its batches. */
function openServer(scope: Scope) {
  const ways: Way[] = []
  const writer = createUsageWriter(noting(ways), createEngineContext(entitlements))
  const consume = async (amount: number, more: Partial<ConsumptionInput> = {}) => {
    keys += 1
    const use: ConsumptionInput = {
      customerId: 'acme',
      resourceId: null,
      featureId: 'calls',
      amount: wholeUnits(amount),
      idempotencyKey: `key ${keys}`,
      mode: { kind: 'enforce' },
      tooDistant: null,
      hasDimensions: false,
      timestamp: null,
      dimensions: {},
      dimensionsText: null,
      ...more,
    }
    const { isGranted } = await writer.consume({ scope, origin }, use)
    return [isGranted, ...ways.splice(0)]
  }
  return { consume, writer, ways }
}

const reportOf = (value: number, more: Partial<ReportInput> = {}): ReportInput => ({
  customerId: 'acme',
  resourceId: null,
  featureId: 'calls',
  value: wholeUnits(value),
  behavior: 'DELTA',
  idempotencyKey: null,
  timestamp: null,
  dimensions: {},
  dimensionsText: null,
  ...more,
})

async function open() {
  const shop = await openShop(world, FEATURES)
  const { scope } = shop.tenant
  return { ...shop, scope, ...openServer(scope) }
}

test('when everything is in memory, a use is written at once', async () => {
  const { consume, usage } = await open()
  assert.deepEqual(await consume(600), [true, 'locked'])
  assert.deepEqual(await consume(401), [false, 'at once'])
  assert.deepEqual(await consume(400), [true, 'at once'])
  assert.deepEqual(await consume(1), [false, 'at once'])
  assert.deepEqual(await consume(7, { mode: { kind: 'record' } }), [false, 'at once'])
  assert.equal(await usage('calls'), 1007)
})

test('reports and raw events with keys are written at once, and count once', async () => {
  const { writer, ways, scope, usage } = await open()
  const usages = [1, 2].map((value) => reportOf(value, { idempotencyKey: `report ${value}` }))
  const report = (index: number) => writer.report({ scope, origin }, usages.slice(index, index + 1))
  await report(0)
  await report(1)
  assert.deepEqual(ways.splice(0), ['locked', 'at once'])
  await report(1)
  assert.deepEqual(ways.splice(0), ['locked'])
  assert.equal(await usage('calls'), 3)
})

test('a use of a new feature locks it, and the next one does not', async () => {
  const { consume } = await open()
  assert.deepEqual(await consume(1), [true, 'locked'])
  assert.deepEqual(await consume(1, { featureId: 'minutes' }), [true, 'locked'])
  assert.deepEqual(await consume(1, { featureId: 'minutes' }), [true, 'at once'])
})

/** What can happen between two uses of a customer, and the way of the use after it. */
const BETWEEN: Record<string, { change: (tenant: Tenant) => Promise<unknown>; way: Way[] }> = {
  'another server has counted': {
    change: ({ scope }) => openServer(scope).consume(1),
    way: ['refused', 'locked'],
  },
  'the versions were locked': {
    change: async ({ scope }) => {
      const customerKey = await keyOf(scope)
      await app.db.transaction((tx) =>
        lockVersions(tx, scope, { customerKeys: [customerKey], now: app.clock.now() }),
      )
    },
    way: ['refused', 'locked'],
  },
  'the entity types have changed': {
    change: ({ scope }) => app.db.transaction((tx) => renewEnvironmentVersion(tx, scope)),
    way: ['refused', 'locked'],
  },
  'the catalog has changed': {
    change: (tenant) =>
      tenant.ok('v1.features.updateFeature', {
        params: { id: 'calls' },
        body: { displayName: 'Calls' },
      }),
    way: ['refused', 'locked'],
  },
  'the treatment of unknown dimensions has changed': {
    change: (tenant) =>
      tenant.ok('v1.environment.settings.update', { body: { unknownDimensions: 'deny' } }),
    way: ['refused', 'locked'],
  },
  'thresholds were set': {
    change: ({ scope }) =>
      app.db.transaction((tx) =>
        tx.execute(sql`
          insert into threshold_configs (environment_key, thresholds)
          values (${scope.environmentKey}::uuid, '{80}')`),
      ),
    way: ['refused', 'locked'],
  },
  'the customer was archived': {
    change: (tenant) => tenant.ok('v1.customers.archive', { params: { id: 'acme' } }),
    way: ['refused', 'locked'],
  },
  'the limit has changed': {
    change: (tenant) =>
      tenant.ok('v1.customers.promotionalEntitlements.revoke', {
        params: { id: 'acme', featureId: 'calls' },
      }),
    way: ['refused', 'locked'],
  },
  nothing: { change: async () => {}, way: ['at once'] },
}
async function keyOf(scope: Scope) {
  const { findCustomerKeys } = await import('../../customers/index.ts')
  const key = (await findCustomerKeys(app.db.read, scope, ['acme'])).get('acme')
  assert.ok(key !== undefined)
  return key
}
for (const [name, { change, way }] of Object.entries(BETWEEN))
  test(`if ${name} in between, the way of a use is: ${way.join(', ')}`, async () => {
    const { consume, tenant } = await open()
    await consume(1)
    assert.deepEqual(await consume(1), [true, 'at once'])
    await change(tenant)
    const [, ...ways] = await consume(1)
    assert.deepEqual(ways, way)
  })

const byAnn = {
  customerId: params.id,
  featureId: FEATURE,
  hasDimensions: true,
  dimensions: ANN,
  dimensionsText: JSON.stringify(ANN),
}

test('with thresholds, a use is written at once unless it crosses one', async () => {
  const { tenant } = await openAgency(world, { limits: { ann: 30 } })
  await tenant.ok('v1Beta.governance.updateThresholdConfig', { body: { thresholds: [50] } })
  const { consume } = openServer(tenant.scope)
  assert.deepEqual(await consume(1, byAnn), [true, 'locked'])
  assert.deepEqual(await consume(1, byAnn), [true, 'at once'])
  assert.deepEqual(await consume(13, byAnn), [true, 'locked'])
  assert.deepEqual(await consume(1, byAnn), [true, 'at once'])
  const crossed = (await tenant.announced()).filter(
    ({ type }) => type === 'entity.entitlement.usage_exceeded',
  )
  assert.equal(crossed.length, 1)
})

test('a use and a hold that share a batch are written at once, in the same counter', async () => {
  const { tenant } = await openAgency(world, { limits: { ann: 30 } })
  const { consume } = openServer(tenant.scope)
  assert.deepEqual(await consume(1, byAnn), [true, 'locked'])
  const hold = { ...byAnn, mode: { kind: 'hold', ttlSeconds: 60 } } as const
  const both = await Promise.all([consume(10, byAnn), consume(15, hold)])
  assert.deepEqual(both.flat().toSorted(), ['at once', true, true])
  const other = openServer(tenant.scope)
  assert.deepEqual(await other.consume(5, byAnn), [false, 'locked'])
  assert.deepEqual(await other.consume(4, byAnn), [true, 'at once'])
})

test('a key that another server has decided gets the first decision', async () => {
  const { consume, scope, usage } = await open()
  const same = { idempotencyKey: 'the same key' }
  await consume(1)
  assert.deepEqual(await openServer(scope).consume(5, same), [true, 'locked'])
  assert.deepEqual(await consume(1), [true, 'refused', 'locked'])
  assert.deepEqual(await consume(1), [true, 'at once'])
  assert.deepEqual(await consume(5, same), [true, 'refused', 'locked'])
  assert.deepEqual(await consume(5, same), [true, 'locked'], 'the key is known here now')
  assert.equal(await usage('calls'), 8)
})

test('a request to refuse gets its first decision if another server has its key', async () => {
  const { consume, scope, usage } = await open()
  const before = world.clock.now()
  const same = { idempotencyKey: 'the same key' }
  await consume(1)
  await openServer(scope).consume(5, same)
  await consume(1)
  const byMinutes = { featureId: 'minutes' }
  await consume(1, byMinutes)
  world.clock.moveTo(before + 600_000)
  try {
    const late = { ...same, timestamp: before + 60_000, tooDistant: 'past' } as const
    const [, [isGranted]] = await Promise.all([consume(1, byMinutes), consume(5, late)])
    assert.equal(isGranted, true)
    assert.equal(await usage('calls'), 7)
  } finally {
    world.clock.moveTo(before)
  }
})

test('a repetition on the same server is looked up under the lock at once', async () => {
  const { consume, usage } = await open()
  const same = { idempotencyKey: 'the same key' }
  await consume(1)
  assert.deepEqual(await consume(5, same), [true, 'at once'])
  assert.deepEqual(await consume(5, same), [true, 'locked'])
  assert.equal(await usage('calls'), 6)
})

test('an expired reservation is released before a use is decided', async () => {
  const { consume } = await open()
  await consume(1)
  const before = world.clock.now()
  assert.deepEqual(await consume(999, { mode: { kind: 'hold', ttlSeconds: 60 } }), [
    true,
    'at once',
  ])
  assert.deepEqual(await consume(1), [false, 'at once'])
  world.clock.moveTo(before + 61_000)
  try {
    assert.deepEqual(await consume(999), [true, 'refused', 'locked'])
  } finally {
    world.clock.moveTo(before)
  }
})

test('reports are written at once although a reservation has expired', async () => {
  const { consume, writer, ways, scope } = await open()
  await consume(1)
  const before = world.clock.now()
  await consume(9, { mode: { kind: 'hold', ttlSeconds: 60 } })
  world.clock.moveTo(before + 61_000)
  try {
    await writer.report({ scope, origin }, [reportOf(1)])
    assert.deepEqual(ways.splice(0), ['at once'])
    assert.deepEqual(await consume(989), [true, 'refused', 'locked'])
    assert.deepEqual(await consume(1), [true, 'at once'])
    assert.deepEqual(await consume(9), [false, 'at once'])
  } finally {
    world.clock.moveTo(before)
  }
})

test('if the state was stale twice in a row, the next ten batches lock first', async () => {
  const { consume, scope } = await open()
  const other = openServer(scope)
  await consume(1)
  await other.consume(1)
  assert.deepEqual(await consume(1), [true, 'refused', 'locked'])
  await other.consume(1)
  assert.deepEqual(await consume(1), [true, 'refused', 'locked'])
  for (let turn = 1; turn < 10; turn += 1)
    assert.deepEqual(await consume(1), [true, 'locked'], `turn ${turn}`)
  assert.deepEqual(await consume(1), [true, 'at once'])
  await other.consume(1)
  assert.deepEqual(await consume(1), [true, 'refused', 'locked'])
  assert.deepEqual(await consume(1), [true, 'at once'])
})
