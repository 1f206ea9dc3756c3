import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grantItem } from '../../test/support/grants.ts'
import { monthly, openSale } from '../../test/support/sale.ts'
import { differencesOf } from '../../test/support/verified.ts'
import { openWorld } from '../../test/support/world.ts'
import { instantFromWire, instantToWire } from '../kernel/clock.ts'

const world = await openWorld()
const { clock } = world
const START = clock.now()
const DAY_MS = 86_400_000
const tenant = await world.tenant()
const sale = await openSale(tenant)
const { check, heldAt } = sale

await sale.addon('five-seats', { seats: { usageLimit: 5 } })
await sale.plan('ten', { seats: { usageLimit: 10 } })
await sale.plan('fifty', { seats: { usageLimit: 50 } })
await sale.plan('base', { seats: { usageLimit: 100 }, sso: {} })
await sale.plan('empty', {})

test('a report belongs to what was held when the usage occurred', async (t) => {
  t.after(() => clock.moveTo(START))
  await sale.customer('reported')
  const start = START + DAY_MS
  const end = START + 3 * DAY_MS
  clock.moveTo(start)
  await sale.provision('reported', 'ten', { cancellationDate: instantToWire(end) })
  clock.moveTo(end + DAY_MS)
  const report = (at: number) => ({
    body: {
      usages: [
        { customerId: 'reported', featureId: 'seats', value: 3, createdAt: instantToWire(at) },
      ],
    },
  })
  const refusal = { status: 404, code: 'NoActiveSubscriptionForCustomer' } as const
  for (const at of [start - 1, end]) await tenant.refused('v1.usage.report', report(at), refusal)
  for (const [at, usage] of [
    [start, 3],
    [end - 1, 6],
  ] as const)
    assert.equal((await tenant.ok('v1.usage.report', report(at))).data[0]?.currentUsage, usage)
  assert.deepEqual(await differencesOf(world, tenant, 'reported'), {})
})

test('entitlements of the past have the packages, quantities and own entitlements of then', async (t) => {
  t.after(() => clock.moveTo(START))
  const step = async (days: number, work: () => Promise<unknown>) => {
    clock.moveTo(START + days * DAY_MS)
    await work()
  }
  await sale.customer('remembered')
  const more = (quantity: number) => ({ addons: [{ id: 'five-seats', quantity }] })
  await step(1, () => sale.provision('remembered', 'ten'))
  await step(2, () => sale.provision('remembered', 'ten', more(1)))
  await step(3, () => sale.provision('remembered', 'ten', more(2)))
  await step(4, () => sale.provision('remembered', 'fifty'))
  await step(5, () =>
    tenant.ok('v1.customers.promotionalEntitlements.create', {
      params: { id: 'remembered' },
      body: { promotionalEntitlements: [grantItem('seats', { usageLimit: 60 })] },
    }),
  )
  const limits = async () => {
    const found = []
    for (const days of [0, 1, 2, 3, 4, 5])
      for (const at of [START + days * DAY_MS - 1, START + days * DAY_MS])
        found.push((await heldAt('remembered', at))[0]?.usageLimit ?? null)
    return found
  }
  const expected = [null, null, null, 10, 10, 15, 15, 20, 20, 50, 50, 60]
  assert.deepEqual(await limits(), expected)
  clock.moveTo(START + 90 * DAY_MS)
  await sale.provision('remembered', 'empty')
  assert.deepEqual(await limits(), expected, 'whatever is changed later')
})

test('entitlements of the past come in pages, and refuse the future and unknown names', async () => {
  await sale.customer('paged')
  await sale.provision('paged', 'base')
  const request = (query: Record<string, string>) => ({
    params: { id: 'paged' },
    query: { at: instantToWire(clock.now()), ...query },
  })
  const page = (query: Record<string, string>) =>
    tenant.ok('v1.customers.listPastEntitlements', request({ limit: '1', ...query }))
  const first = await page({})
  const second = await page({ after: String(first.pagination.next) })
  const ids = [first, second].flatMap(({ data }) => data.map(({ feature }) => feature.id))
  assert.deepEqual([ids, second.pagination.next], [['sso', 'seats'], null])
  const HISTORY = 'v1.customers.listPastEntitlements'
  const future = request({ at: instantToWire(clock.now() + 1) })
  await tenant.refused(HISTORY, future, { status: 400, code: 'InvalidArgumentError' })
  const stray = request({ resourceId: 'nowhere' })
  await tenant.refused(HISTORY, stray, { status: 404, code: 'CustomerResourceNotFound' })
  await tenant.refused(
    HISTORY,
    { ...request({}), params: { id: 'nobody' } },
    { status: 404, code: 'CustomerNotFound' },
  )
})

/** Plans before and after: free or paid, by the month or by the year. */
const CHANGES = {
  'paid to paid': ['PAID', 'PAID'],
  'free to paid': ['FREE', 'PAID'],
  'paid to free': ['PAID', 'FREE'],
  'free to free': ['FREE', 'FREE'],
  'month to year': ['PAID', 'PAID', 'ANNUALLY'],
} as const
/** What is used after 8,000 were, by the rule of the product, as the table says. */
const USED: readonly (readonly [behavior: string, change: keyof typeof CHANGES, used: number])[] = [
  ['ALWAYS_RESET', 'paid to paid', 0],
  ['ALWAYS_RESET', 'free to paid', 0],
  ['ALWAYS_RESET', 'free to free', 0],
  ['BILLING_PERIOD_CHANGE', 'paid to paid', 8000],
  ['BILLING_PERIOD_CHANGE', 'free to free', 8000],
  ['BILLING_PERIOD_CHANGE', 'free to paid', 0],
  ['BILLING_PERIOD_CHANGE', 'paid to free', 0],
  ['BILLING_PERIOD_CHANGE', 'month to year', 0],
  ['NEVER_RESET', 'paid to paid', 8000],
  ['NEVER_RESET', 'month to year', 8000],
]
for (const [behavior, change, expected] of USED)
  test(`another plan and usage: ${behavior}, ${change}`, async (t) => {
    t.after(() => clock.moveTo(START))
    const id = `${behavior}-${change}`.toLowerCase().replaceAll(/[ _]/g, '-')
    const productId = `product-${id}`
    const [before, after, billingPeriod = 'MONTHLY'] = CHANGES[change]
    await sale.product(productId)
    await tenant.ok('v1.products.updateProduct', {
      params: { id: productId },
      body: { usageResetCutoffRule: { behavior } },
    })
    const gives = (limit: number) => ({ calls: monthly(limit), seats: { usageLimit: limit } })
    await sale.plan(`small-${id}`, gives(10_000), { productId, pricingType: before })
    await sale.plan(`large-${id}`, gives(50_000), { productId, pricingType: after })
    await sale.customer(id)
    await sale.provision(id, `small-${id}`)
    const report = async (value: number) => {
      const usages = ['calls', 'seats'].map((featureId) => ({ customerId: id, featureId, value }))
      return (await tenant.ok('v1.usage.report', { body: { usages } })).data
    }
    await report(8000)
    clock.moveTo(START + DAY_MS)
    await sale.provision(id, `large-${id}`, { billingPeriod })
    const calls = await check(id, 'calls')
    const seats = await check(id, 'seats')
    assert.deepEqual([calls.currentUsage, calls.usageLimit], [expected, 50_000])
    assert.equal(seats.currentUsage, 8000, 'a level is never reset')
    assert.equal(calls.usagePeriodStart, '2026-05-01T00:00:00.000Z')
    assert.equal(calls.usagePeriodEnd, '2026-06-01T00:00:00.000Z')
    const [reported] = await report(5)
    assert.equal(reported?.currentUsage, expected + 5)
    assert.equal(reported?.usagePeriodStart, calls.usagePeriodStart)
    assert.deepEqual(await differencesOf(world, tenant, id), {})
    clock.moveTo(instantFromWire('2026-06-01T00:00:00.000Z'))
    assert.equal((await check(id, 'calls')).currentUsage, 0)
  })

test('another number of an add-on never resets usage', async () => {
  await sale.product('of-quantities')
  await sale.addon('more-calls', { calls: { usageLimit: 1000 } }, 'of-quantities')
  await sale.plan('with-calls', { calls: monthly(10_000) }, { productId: 'of-quantities' })
  await sale.customer('more')
  const { id } = await sale.provision('more', 'with-calls')
  const usages = [{ customerId: 'more', featureId: 'calls', value: 8000 }]
  await tenant.ok('v1.usage.report', { body: { usages } })
  for (const quantity of [2, 1]) {
    const body = { addons: [{ id: 'more-calls', quantity }] }
    await tenant.ok('v1.subscriptions.update', { params: { id }, body })
    const { currentUsage, usageLimit } = await check('more', 'calls')
    assert.deepEqual([currentUsage, usageLimit], [8000, 10_000 + 1000 * quantity])
  }
})
