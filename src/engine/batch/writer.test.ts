import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cut, openProxied } from '../../../test/support/cutting-proxy.ts'
import { openShop } from '../../../test/support/shop.ts'
import { openWorld, type Tenant } from '../../../test/support/world.ts'
import { customerNamed } from '../../customers/index.ts'
import { sql } from '../../db/index.ts'
import { ApiError } from '../../kernel/errors.ts'
import { systemOrigin } from '../../kernel/origin.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import { entitlements } from '../../sources.ts'
import { createEngineContext } from '../cache/index.ts'
import type { ReportInput } from '../types.ts'
import { createUsageWriter } from './writer.ts'

const world = await openWorld()
const other = await openWorld()
const { proxied, proxy } = await openProxied(world.clock)

const FEATURES = { seats: { meterType: 'FLUCTUATING' }, calls: { resetPeriod: 'MONTH' } } as const
const CUSTOMERS = ['acme', 'globex', 'initech']

const reportOf = (customerId: string, more: Partial<ReportInput> = {}): ReportInput => ({
  customerId,
  resourceId: null,
  featureId: 'seats',
  value: wholeUnits(1),
  behavior: 'DELTA',
  timestamp: null,
  dimensions: {},
  dimensionsText: null,
  idempotencyKey: null,
  ...more,
})
const origin = systemOrigin('test')

const CUTS: [Cut, number][] = [
  ['before', 1],
  ['after', 1],
  ['before', 3],
]
for (const [cut, count] of CUTS)
  test(`reports count once if the connection breaks ${cut} COMMIT (${count} times)`, async () => {
    const { tenant, usage } = await openShop(world, FEATURES, CUSTOMERS)
    const writer = createUsageWriter(proxied, createEngineContext(entitlements))
    const report = (customerId: string) =>
      writer.report({ ...tenant, origin }, [reportOf(customerId)])
    await report('acme')
    proxy.cutNext(cut, count)
    const answers = await Promise.all(CUSTOMERS.flatMap((id) => [report(id), report(id)]))
    proxy.forgive()
    assert.equal(new Set(answers.flat().map(({ eventKey }) => eventKey)).size, 6)
    const used = await Promise.all(CUSTOMERS.map((id) => usage('seats', id)))
    assert.deepEqual(used, [3, 2, 2])
  })

test('an unknown outcome of COMMIT is a 503, and the same keys then count once', async () => {
  const { tenant, usage } = await openShop(world, FEATURES, CUSTOMERS)
  const writer = createUsageWriter(proxied, createEngineContext(entitlements))
  const report = () =>
    writer.report({ ...tenant, origin }, [reportOf('acme', { idempotencyKey: 'k' })])
  proxy.cutNext('after', 1000)
  await assert.rejects(report(), (error) => error instanceof ApiError && error.status === 503)
  proxy.forgive()
  const [again] = await report()
  assert.equal(again?.currentUsage, wholeUnits(1))
  assert.equal(await usage('seats'), 1)
})

/** Makes every later attempt to count usage of this customer fail. */
const poison = (tenant: Tenant, customerId: string) =>
  world.bursar.app.db.transaction((tx) =>
    tx.execute(sql`
      update usage_totals set sum = 999999999999999999999999999999.9
      where customer_key = ${customerNamed(tenant.scope, customerId)}
        and window_end = 'infinity'`),
  )

test('a request that fails its batch is the only one to fail', async () => {
  const { tenant, report, usage } = await openShop(world, FEATURES, CUSTOMERS)
  await report(CUSTOMERS.map((customerId) => ({ customerId, featureId: 'calls', value: 1 })))
  await poison(tenant, 'globex')
  const writer = createUsageWriter(world.bursar.app, createEngineContext(entitlements))
  const settled = await Promise.allSettled(
    ['acme', ...CUSTOMERS, ...CUSTOMERS].map((id) =>
      writer.report({ ...tenant, origin }, [reportOf(id, { featureId: 'calls' })]),
    ),
  )
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  )
  const used = await Promise.all(CUSTOMERS.map((id) => usage('calls', id)))
  assert.deepEqual(used, [4, 1, 3])
})

test('two servers count each key once and see each other’s reports', async () => {
  const { tenant, usage } = await openShop(world, FEATURES, CUSTOMERS)
  const writers = [world, other].map(({ bursar }) =>
    createUsageWriter(bursar.app, createEngineContext(entitlements)),
  )
  const runs = Array.from({ length: 60 }, (_, run) => {
    const reports = CUSTOMERS.toSorted(() => (run % 2) - 0.5).flatMap((customerId) => [
      reportOf(customerId, { idempotencyKey: `key-${run % 20}` }),
      reportOf(customerId, { value: wholeUnits(10) }),
    ])
    return writers[run % 2]?.report({ ...tenant, origin }, reports)
  })
  await Promise.all(runs)
  for (const customerId of CUSTOMERS) assert.equal(await usage('seats', customerId), 620)
})

test('a server whose clock runs ahead never lets the instant of decision go back', async () => {
  const { tenant } = await openShop(world, FEATURES, CUSTOMERS)
  const writers = [world, other].map(({ bursar }) =>
    createUsageWriter(bursar.app, createEngineContext(entitlements)),
  )
  const report = async (index: number) => {
    const [answer] = (await writers[index]?.report({ ...tenant, origin }, [reportOf('acme')])) ?? []
    return answer?.acceptedAt
  }
  other.clock.moveTo(world.clock.now() + 5000)
  try {
    const ahead = await report(1)
    assert.equal(ahead, world.clock.now() + 5000)
    assert.equal(await report(0), ahead)
  } finally {
    other.clock.moveTo(null)
  }
})
