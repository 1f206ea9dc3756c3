import assert from 'node:assert/strict'
import { test } from 'node:test'
import { badRequest, notFound } from '../../test/support/refusals.ts'
import { openShop } from '../../test/support/shop.ts'
import { type ExpectedRefusal, openWorld } from '../../test/support/world.ts'
import { sql } from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'

const world = await openWorld()
const { clock } = world
const NOW = instantToWire(clock.now())
const HOUR_MS = 3_600_000
const inHours = (hours: number) => instantToWire(clock.now() + hours * HOUR_MS)

const open = () =>
  openShop(world, {
    seats: { meterType: 'FLUCTUATING' },
    calls: { resetPeriod: 'MONTH' },
    bytes: { unitTransformation: { divide: 1000, round: 'UP' } },
    events: { meter: { aggregation: { function: 'COUNT' }, filters: [] } },
    unheld: { isHeld: false },
  })

test('the response to a report shows the same usage as the next check', async () => {
  const { report, usage } = await open()
  const [first] = await report([{ featureId: 'seats', value: 2, dimensions: { userId: 'ann' } }])
  assert.ok(first)
  const { id, ...rest } = first
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.deepEqual(rest, {
    customerId: 'acme',
    featureId: 'seats',
    resourceId: null,
    value: 2,
    timestamp: NOW,
    createdAt: NOW,
    currentUsage: 2,
    usagePeriodStart: null,
    usagePeriodEnd: null,
    nextResetDate: null,
    credit: null,
  })
  assert.equal(await usage('seats'), 2)
})

test('seats can be added and removed, set, and added again, and a repeated key does not count', async () => {
  const { report, usage } = await open()
  const seats = (value: number, more: object = {}) => ({ featureId: 'seats', value, ...more })
  const current = (answers: readonly { currentUsage: number | null }[]) =>
    answers.map(({ currentUsage }) => currentUsage)
  assert.deepEqual(current(await report([seats(2), seats(3), seats(-1)])), [2, 5, 4])
  assert.deepEqual(current(await report([seats(10, { updateBehavior: 'SET' })])), [10])
  const keyed = seats(1, { idempotencyKey: 'k' })
  const [once] = await report([keyed])
  const [again] = await report([keyed])
  assert.deepEqual([once?.currentUsage, again?.currentUsage], [11, 11])
  assert.equal(again?.id, once?.id)
  assert.equal(await usage('seats'), 11)
})

test('a response names the current period, and usage starts again in the next one', async () => {
  const { report, usage } = await open()
  const [first] = await report([{ featureId: 'calls', value: 7 }])
  assert.deepEqual(
    [first?.usagePeriodStart, first?.usagePeriodEnd, first?.nextResetDate],
    ['2026-05-01T00:00:00.000Z', '2026-06-01T00:00:00.000Z', '2026-06-01T00:00:00.000Z'],
  )
  clock.moveTo(Date.parse('2026-06-01T00:00:00Z'))
  try {
    assert.equal(await usage('calls'), 0)
    const late = { featureId: 'calls', value: 5, createdAt: '2026-05-31T23:59:59.999Z' }
    const [past, next] = await report([late, { featureId: 'calls', value: 1 }])
    assert.deepEqual([past?.currentUsage, next?.currentUsage], [0, 1])
    assert.equal(past?.timestamp, late.createdAt)
    assert.equal(past?.usagePeriodStart, '2026-06-01T00:00:00.000Z')
    assert.equal(await usage('calls'), 1)
  } finally {
    clock.moveTo(null)
  }
})

test('a SET with a past timestamp sets the past period, and an older SET is ignored', async () => {
  const { report, tenant } = await open()
  const at = (createdAt: string, value: number) =>
    report([{ featureId: 'calls', value, createdAt, updateBehavior: 'SET' }])
  await report([{ featureId: 'calls', value: 4 }])
  await report([{ featureId: 'calls', value: 2, createdAt: '2026-04-05T00:00:00Z' }])
  await at('2026-04-20T00:00:00Z', 10)
  await at('2026-04-19T23:59:59Z', 99)
  const [now] = await at(NOW, 6)
  assert.equal(now?.currentUsage, 6)
  const records = await recordsOf(tenant.scope.environmentKey)
  assert.deepEqual(records, [
    ['REPORT', '4.0000000000', '4.0000000000'],
    ['REPORT', '2.0000000000', '2.0000000000'],
    ['SET', '10.0000000000', '8.0000000000'],
    ['SET', '99.0000000000', '0.0000000000'],
    ['SET', '6.0000000000', '2.0000000000'],
  ])
})

test('the latest SET is known even if the total of its period is deleted', async () => {
  const { tenant, report } = await open()
  const set = (value: number, createdAt: string) =>
    report([{ featureId: 'calls', value, createdAt, updateBehavior: 'SET' }])
  await set(10, '2026-05-10T00:00:00Z')
  await report([{ featureId: 'calls', value: 1, createdAt: '2026-05-12T00:00:00Z' }])
  await world.bursar.app.db.transaction((tx) =>
    tx.execute(sql`
      delete from usage_totals
      where environment_key = ${tenant.scope.environmentKey}::uuid and not is_kept`),
  )
  assert.equal((await set(99, '2026-05-09T23:59:59Z'))[0]?.currentUsage, 11)
  assert.equal((await set(20, '2026-05-10T00:00:00Z'))[0]?.currentUsage, 20)
})

const recordsOf = (environmentKey: string) =>
  world.bursar.app.db.withClient(async (client) => {
    const { rows } = await client.query<Record<string, string | null>>(
      `select kind, value, amounts[1] as amount from usage_events
       where environment_key = $1 order by event_key`,
      [environmentKey],
    )
    return rows.map(({ kind, value, amount }) => [kind, value, amount])
  })

test('usage is shown in limited units, and never below 0', async () => {
  const { report, usage } = await open()
  const bytes = async (value: number) => {
    const [answer] = await report([{ featureId: 'bytes', value }])
    return answer?.currentUsage
  }
  assert.equal(await bytes(2001), 3)
  assert.equal(await usage('bytes'), 3)
  assert.equal(await bytes(-5000), 0)
  assert.equal(await usage('bytes'), 0)
  // The sum is signed. Usage is shown as 0 until the sum is above 0.
  assert.equal(await bytes(3500), 1)
})

test('a key counts once for each feature, resource and customer, whatever else the report contains', async () => {
  const { report, usage } = await open()
  const keyed = { idempotencyKey: 'k', value: 1 }
  await report([
    { ...keyed, featureId: 'seats' },
    { ...keyed, featureId: 'calls' },
  ])
  const again = await report([
    { ...keyed, featureId: 'seats', value: 100 },
    { ...keyed, featureId: 'seats', createdAt: '2026-05-01T00:00:00Z' },
    { ...keyed, featureId: 'seats', updateBehavior: 'SET', value: 50 },
  ])
  assert.deepEqual(
    again.map(({ currentUsage, value, timestamp }) => [currentUsage, value, timestamp]),
    [
      [1, 100, NOW],
      [1, 1, NOW],
      [1, 50, NOW],
    ],
  )
  assert.deepEqual([await usage('seats'), await usage('calls')], [1, 1])
})

test('a key is known for 35 days', async () => {
  const { report } = await open()
  const keyed = [{ featureId: 'seats', value: 1, idempotencyKey: 'k' }]
  await report(keyed)
  try {
    clock.moveTo(clock.now() + 35 * 24 * HOUR_MS - 1)
    assert.equal((await report(keyed))[0]?.currentUsage, 1)
    clock.moveTo(clock.now() + 1)
    assert.equal((await report(keyed))[0]?.currentUsage, 2)
    assert.equal((await report(keyed))[0]?.currentUsage, 2)
  } finally {
    clock.moveTo(null)
  }
})

test('a retry without keys counts again if the response to its original has arrived', async () => {
  const { report, usage } = await open()
  const usages = [{ featureId: 'seats', value: 1 }]
  const ids = new Set<string>()
  for (const tries of ['0', '0', '1']) {
    const [reported] = await report(usages, { 'x-stainless-retry-count': tries })
    ids.add(reported?.id ?? '')
  }
  assert.equal(ids.size, 3)
  assert.equal(await usage('seats'), 3)
})

const bad = { status: 400, code: 'BadUserInput' } as const
const REFUSALS: [string, object, Required<ExpectedRefusal>][] = [
  [
    'an unknown customer',
    { customerId: 'nobody' },
    notFound('CustomerNotFound', /usages\[1\].*nobody/),
  ],
  ['an unknown feature', { featureId: 'nope' }, notFound('FeatureNotFound', /usages\[1\].*nope/)],
  ['a currency', { featureId: 'tokens' }, notFound('FeatureNotFound', /tokens/)],
  [
    'an unknown resource',
    { resourceId: 'site' },
    notFound('CustomerResourceNotFound', /usages\[1\].*site/),
  ],
  [
    'a feature that is not metered',
    { featureId: 'sso' },
    badRequest('MeteringNotAvailableForFeatureType', /sso/),
  ],
  [
    'a feature with a meter',
    { featureId: 'events' },
    badRequest('CannotReportUsageForEntitlementWithMeterError', /events/),
  ],
  [
    'a feature that is not held',
    { featureId: 'unheld' },
    badRequest('NoFeatureEntitlementInSubscription', /acme.*unheld/),
  ],
  [
    'an instant too far ahead',
    { createdAt: inHours(1.0001) },
    badRequest('InvalidArgumentError', /usages\[1\]\.createdAt/),
  ],
  [
    'an instant before 1970',
    { createdAt: '0001-01-01T00:00:00Z' },
    badRequest('InvalidArgumentError', /usages\[1\]\.createdAt/),
  ],
  [
    'usage that is too large',
    { value: Number.MAX_SAFE_INTEGER },
    badRequest('EntitlementUsageOutOfRangeError', /usages\[1\]/),
  ],
  [
    'a difference that is too large',
    { value: -Number.MAX_SAFE_INTEGER, updateBehavior: 'SET' },
    badRequest('UsageMeasurementDiffOutOfRangeError', /usages\[1\]/),
  ],
  ['a decimal', { value: 1.5 }, { ...bad, message: /usages\[1\]\.value/ }],
  ['a value that no double holds', { value: 2 ** 53 }, { ...bad, message: /usages\[1\]\.value/ }],
  ['an empty key', { idempotencyKey: '' }, { ...bad, message: /usages\[1\]\.idempotencyKey/ }],
  [
    'a dimension that is no scalar',
    { dimensions: { a: ['b'] } },
    { ...bad, message: /usages\[1\]\.dimensions/ },
  ],
  [
    'a dimension that is too large',
    { dimensions: { a: 'x'.repeat(65_536) } },
    { ...bad, message: /usages\[1\]\.dimensions.*64 kB/ },
  ],
  [
    'another behaviour',
    { updateBehavior: 'ADD' },
    { ...bad, message: /usages\[1\]\.updateBehavior/ },
  ],
  ['an unknown field', { amount: 1 }, { ...bad, message: /amount/ }],
]
for (const [name, item, refusal] of REFUSALS)
  test(`${name} causes the refusal of the whole request, which changes nothing`, async () => {
    const { tenant, report, usage } = await open()
    await tenant.ok('v1.features.createFeature', {
      body: { id: 'sso', displayName: 'sso', featureType: 'BOOLEAN' },
    })
    await tenant.ok('v1.credits.customCurrencies.create', {
      body: { id: 'tokens', displayName: 'tokens' },
    })
    const good = { customerId: 'acme', featureId: 'seats', value: 1, idempotencyKey: 'k' }
    const second = { customerId: 'acme', featureId: 'seats', value: 1, ...item }
    await tenant.refused('v1.usage.report', { body: { usages: [good, second] } }, refusal)
    assert.equal(await usage('seats'), 0)
    // The key of a request that failed can be used again.
    assert.equal((await report([good]))[0]?.currentUsage, 1)
  })

test('unknown customers are refused first, then archived ones, then everything else', async () => {
  const { tenant } = await open()
  await tenant.ok('v1.customers.provision', { body: { id: 'old' } })
  await tenant.ok('v1.customers.archive', { params: { id: 'old' } })
  await tenant.ok('v1.customers.provision', { body: { id: 'new' } })
  const usages = [
    { customerId: 'new', featureId: 'seats', value: 1 },
    { customerId: 'acme', featureId: 'nope', value: 1 },
    { customerId: 'old', featureId: 'seats', value: 1 },
    { customerId: 'nobody', featureId: 'seats', value: 1 },
  ]
  const refused = (count: number, status: number, code: string, message: RegExp) =>
    tenant.refused(
      'v1.usage.report',
      { body: { usages: usages.slice(0, count) } },
      { status, code, message },
    )
  await refused(4, 404, 'CustomerNotFound', /usages\[3\]/)
  await refused(3, 400, 'EntityIsArchivedError', /usages\[2\].*old/)
  await refused(2, 404, 'NoActiveSubscriptionForCustomer', /usages\[0\].*new/)
})

test('a request has 1 to 100 reports', async () => {
  const { tenant, report } = await open()
  for (const count of [0, 101])
    await tenant.refused(
      'v1.usage.report',
      {
        body: {
          usages: Array.from({ length: count }, () => ({
            customerId: 'acme',
            featureId: 'seats',
            value: 1,
          })),
        },
      },
      { ...bad, message: /usages/ },
    )
  const hundred = await report(
    Array.from({ length: 100 }, () => ({ featureId: 'seats', value: 1 })),
  )
  assert.deepEqual(
    hundred.map(({ currentUsage }) => currentUsage),
    Array.from({ length: 100 }, (_, index) => index + 1),
  )
  assert.equal(new Set(hundred.map(({ id }) => id)).size, 100)
})

test('one request reports for several customers', async () => {
  const features = { seats: { meterType: 'FLUCTUATING' as const } }
  const { report, usage } = await openShop(world, features, ['acme', 'orrery'])
  const answers = await report([
    { customerId: 'acme', featureId: 'seats', value: 1 },
    { customerId: 'orrery', featureId: 'seats', value: 20 },
    { customerId: 'acme', featureId: 'seats', value: 300 },
  ])
  assert.deepEqual(
    answers.map(({ currentUsage }) => currentUsage),
    [1, 20, 301],
  )
  assert.deepEqual([await usage('seats'), await usage('seats', 'orrery')], [301, 20])
})

test('each of many concurrent reports counts once and sees those before it', async () => {
  const { report, usage } = await open()
  const keys = Array.from({ length: 40 }, (_, index) => `k${index % 20}`)
  const answers = await Promise.all(
    keys.map((idempotencyKey) => report([{ featureId: 'seats', value: 1, idempotencyKey }])),
  )
  assert.equal(await usage('seats'), 20)
  const firsts = new Map(answers.flat().map(({ id, currentUsage }) => [id, currentUsage]))
  assert.equal(firsts.size, 20)
})

test('a repeated Idempotency-Key gets the same bytes and counts once', async () => {
  const { tenant, usage } = await open()
  const request = {
    body: { usages: [{ customerId: 'acme', featureId: 'seats', value: 1 }] },
    headers: { 'idempotency-key': 'once' },
  }
  const first = await tenant.call('v1.usage.report', request)
  const again = await tenant.call('v1.usage.report', request)
  assert.equal(first.status, 201)
  assert.equal(again.text, first.text)
  assert.equal(again.headers['idempotency-replayed'], 'true')
  assert.equal(await usage('seats'), 1)
})

test('the next report sees an entitlement that was granted or revoked', async () => {
  const { tenant, report } = await open()
  await report([{ featureId: 'seats', value: 1 }])
  await tenant.ok('v1.customers.promotionalEntitlements.revoke', {
    params: { id: 'acme', featureId: 'seats' },
  })
  await tenant.refused(
    'v1.usage.report',
    { body: { usages: [{ customerId: 'acme', featureId: 'seats', value: 1 }] } },
    { status: 400, code: 'NoFeatureEntitlementInSubscription' },
  )
})
