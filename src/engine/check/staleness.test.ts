import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FEATURE, openAgency, params } from '../../../test/support/agency.ts'
import { grantItem, grantTo } from '../../../test/support/grants.ts'
import { openWorld } from '../../../test/support/world.ts'
import type { App } from '../../app.ts'
import { inQuery } from '../../kernel/field.ts'
import { systemOrigin } from '../../kernel/origin.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import { entitlements } from '../../sources.ts'
import { createEngineContext } from '../cache/index.ts'
import { check, explain } from './check.ts'
import { listEntitlements } from './list-entitlements.ts'
import type { Question } from './question.ts'

const world = await openWorld({ BURSAR_STATE_CACHE_MB: '128' })
const { app } = world.bursar
const CHECKS = [
  'v1.customers.checkEntitlement',
  'v1Beta.customers.entitlements.check',
  'v1.customers.explainEntitlement',
] as const
const LIST = 'v1.customers.retrieveEntitlements'
const HEADER = 'bursar-max-staleness-ms'

/** The same application without its database. */
const withoutDatabase: App = {
  ...app,
  db: {
    ...app.db,
    read: { many: fail, maybeOne: fail, one: fail },
    snapshot: fail,
    transaction: fail,
  },
}
async function fail(): Promise<never> {
  throw new Error('the database is away')
}

async function open() {
  const agency = await openAgency(world)
  const { scope } = agency.tenant
  // A server with memory of its own: it hears nothing of what the others do.
  const context = createEngineContext(entitlements)
  const callOf = (maxStalenessMs: number, on: App) => ({
    ...{ app: on, scope, origin: systemOrigin('test'), maxStalenessMs },
  })
  const question: Question = {
    customerId: params.id,
    resourceId: null,
    capability: { kind: 'feature', id: FEATURE, field: inQuery('featureId') },
    request: { usage: null, values: null, defaultUsage: wholeUnits(0) },
    dimensions: null,
  }
  const usage = async (maxStalenessMs: number, on: App = app) => {
    const { shown } = await check(callOf(maxStalenessMs, on), context, question)
    return shown.evaluated?.featureState?.used.usage
  }
  const explained = async (maxStalenessMs: number, on: App = app) => {
    const call = callOf(maxStalenessMs, on)
    const { shown, unattributed } = await explain(call, context, question)
    const unknown = unattributed.map(({ key, records }) => `${key} ${records}`)
    return [shown.evaluated?.featureState?.used.usage, ...unknown]
  }
  const listed = async (maxStalenessMs: number, on: App = app) => {
    const list = await listEntitlements(callOf(maxStalenessMs, on), context, question)
    return list.entitlements.map(({ featureState }) => [
      featureState?.feature.id,
      featureState?.used.usage,
    ])
  }
  return { ...agency, usage, explained, listed }
}

test('a check that accepts an older state is decided without the database', async () => {
  const { report, usage } = await open()
  await report(3)
  await assert.rejects(usage(60_000, withoutDatabase), /the database is away/)
  assert.equal(await usage(0), wholeUnits(3))
  await report(4)
  assert.equal(await usage(60_000), wholeUnits(3))
  assert.equal(await usage(60_000, withoutDatabase), wholeUnits(3))
  await assert.rejects(usage(0, withoutDatabase), /the database is away/)
  assert.equal(await usage(0), wholeUnits(7))
  assert.equal(await usage(60_000, withoutDatabase), wholeUnits(7))
})

test('an explanation is made without the database, with the dimensions that named no entity', async () => {
  const { report, explained } = await open()
  await report(3, { userId: 'nobody' })
  assert.deepEqual(await explained(0), [wholeUnits(3), 'userId 1'])
  assert.deepEqual(await explained(60_000, withoutDatabase), [wholeUnits(3), 'userId 1'])
  await report(4, { userId: 'nobody' })
  assert.deepEqual(await explained(60_000), [wholeUnits(3), 'userId 1'])
  assert.deepEqual(await explained(0), [wholeUnits(7), 'userId 2'])
})

test('a list is made without the database, until an entitlement is granted', async () => {
  const { tenant, report, listed } = await open()
  await report(3)
  await assert.rejects(listed(60_000, withoutDatabase), /the database is away/)
  assert.deepEqual(await listed(0), [[FEATURE, wholeUnits(3)]])
  assert.deepEqual(await listed(60_000, withoutDatabase), [[FEATURE, wholeUnits(3)]])
  await report(4)
  assert.deepEqual(await listed(0), [[FEATURE, wholeUnits(7)]])
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'sso', displayName: 'S', featureType: 'BOOLEAN' },
  })
  await grantTo(tenant, [grantItem('sso')])
  assert.deepEqual(await listed(60_000), [[FEATURE, wholeUnits(7)]])
  const both = [
    ['sso', 0n],
    [FEATURE, wholeUnits(7)],
  ]
  assert.deepEqual(await listed(0), both)
  assert.deepEqual(await listed(60_000, withoutDatabase), both)
})

test('a state is not older than the check accepts', async (t) => {
  const { report, usage } = await open()
  await report(3)
  assert.equal(await usage(0), wholeUnits(3))
  await report(4)
  const later = performance.now() + 1000
  t.mock.method(performance, 'now', () => later)
  assert.equal(await usage(60_000), wholeUnits(3))
  assert.equal(await usage(900), wholeUnits(7))
})

for (const id of [...CHECKS, LIST] as const)
  test(`${id}: the header is a number of milliseconds from 0 to 60,000`, async () => {
    const { tenant } = await open()
    const request = { params, query: id === LIST ? {} : { featureId: FEATURE } }
    for (const sent of ['0', '250', '60000']) {
      const { status, text } = await tenant.call(id, { ...request, headers: { [HEADER]: sent } })
      assert.equal(status, 200, text)
    }
    for (const sent of ['', ' ', '-1', '60001', '100000', '1.5', '1e3', '0x10', 'soon', '1, 2'])
      await tenant.refused(
        id,
        { ...request, headers: { [HEADER]: sent } },
        { status: 400, code: 'InvalidArgumentError', message: /^Bursar-Max-Staleness-Ms must be/ },
      )
  })
