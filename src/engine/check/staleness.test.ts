import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FEATURE, openAgency, params } from '../../../test/support/agency.ts'
import { openWorld } from '../../../test/support/world.ts'
import type { App } from '../../app.ts'
import { inQuery } from '../../kernel/field.ts'
import { systemOrigin } from '../../kernel/origin.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import { entitlements } from '../../sources.ts'
import { createEngineContext } from '../cache/index.ts'
import { check } from './check.ts'

const world = await openWorld({ BURSAR_STATE_CACHE_MB: '128' })
const { app } = world.bursar
const CHECKS = ['v1.customers.checkEntitlement', 'v1Beta.customers.entitlements.check'] as const
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
  const usage = async (maxStalenessMs: number, on: App = app) => {
    const call = { app: on, scope, origin: systemOrigin('test'), maxStalenessMs }
    const result = await check(call, context, {
      customerId: params.id,
      resourceId: null,
      capability: { kind: 'feature', id: FEATURE, field: inQuery('featureId') },
      request: { usage: null, values: null, defaultUsage: wholeUnits(0) },
      dimensions: null,
    })
    return result.shown.evaluated?.featureState?.used.usage
  }
  return { ...agency, usage }
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

for (const id of CHECKS)
  test(`${id}: the header is a number of milliseconds from 0 to 60,000`, async () => {
    const { tenant } = await open()
    const request = { params, query: { featureId: FEATURE } }
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
