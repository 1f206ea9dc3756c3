import assert from 'node:assert/strict'
import { test } from 'node:test'
import { badRequest, notFound } from '../../../test/support/refusals.ts'
import { openShop } from '../../../test/support/shop.ts'
import { type ExpectedRefusal, openWorld, type Tenant } from '../../../test/support/world.ts'
import { findFeatures } from '../../catalog/features/index.ts'
import { findCustomerKey } from '../../customers/index.ts'
import { required } from '../../kernel/assert.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import { tallyStretches } from '../../metering/totals/index.ts'

const world = await openWorld()
const { clock } = world

const FEATURES = {
  tokens: {
    resetPeriod: 'MONTH',
    meter: { aggregation: { function: 'SUM', field: 'tokens' }, filters: [] },
  },
  users: {
    resetPeriod: 'MONTH',
    meter: { aggregation: { function: 'UNIQUE', field: 'userId' }, filters: [] },
  },
  peak: { meter: { aggregation: { function: 'MAX', field: 'tokens' }, filters: [] } },
  seats: { meterType: 'FLUCTUATING', unitTransformation: { divide: 2, round: 'UP' } },
} as const

const historyOf =
  (tenant: Tenant) =>
  async (featureId: string, query: Record<string, string>, customerId = 'acme') => {
    const { data } = await tenant.ok('v1.usage.history', {
      params: { customerId, featureId },
      query,
    })
    return data
  }

/** `MM-DDTHH:MM value`, with `*` for a reset point. */
const shown = (points: readonly { timestamp: string; value: number; isResetPoint: boolean }[]) =>
  points.map(
    ({ timestamp, value, isResetPoint }) =>
      `${timestamp.slice(5, 16)} ${value}${isResetPoint ? '*' : ''}`,
  )

let sent = 0
const event = (timestamp: string, tokens: number, userId: string) => {
  sent += 1
  return {
    eventName: 'call',
    idempotencyKey: `key-${sent}`,
    timestamp: `2026-${timestamp}Z`,
    dimensions: { tokens, userId, isCached: tokens > 50 },
  }
}

async function openHistory() {
  const shop = await openShop(world, FEATURES)
  await shop.ingest([
    event('04-29T12:00:00', 1, 'ann'),
    event('04-30T23:59:59.999', 10, 'bob'),
    event('05-01T00:00:00', 100, 'ann'),
    event('05-02T06:30:00', 7, 'ann'),
    event('05-02T06:59:59', 3, 'cy'),
    event('05-18T10:07:42', 40, 'bob'),
  ])
  return { ...shop, history: historyOf(shop.tenant) }
}

test('a history shows the running total of each period, which begins at 0', async () => {
  const { history } = await openHistory()
  const { series, markers } = await history('tokens', {
    startDate: '2026-04-29T18:00:00Z',
    endDate: '2026-05-03T06:00:00Z',
  })
  assert.deepEqual(markers, [{ timestamp: '2026-05-01T00:00:00.000Z', type: 'PERIODIC_RESET' }])
  assert.deepEqual(
    series.map(({ tags, points }) => [tags, shown(points)]),
    [
      [
        [],
        [
          '04-29T18:00 1',
          '04-30T00:00 1',
          '05-01T00:00 11',
          '05-01T00:00 0*',
          '05-02T00:00 100',
          '05-03T00:00 110',
          '05-03T06:00 110',
        ],
      ],
    ],
  )
})

test('by default a history ends now and includes the usage of this instant', async () => {
  const { history } = await openHistory()
  const { series } = await history('tokens', { startDate: '2026-05-18T09:30:00Z' })
  assert.deepEqual(shown(series[0]?.points ?? []), [
    '05-18T09:30 110',
    '05-18T10:00 110',
    '05-18T10:07 150',
  ])
  const ahead = await history('tokens', {
    startDate: '2026-05-18T09:30:00Z',
    endDate: '2026-06-18T00:00:00Z',
  })
  assert.equal(ahead.series[0]?.points.at(-1)?.value, 150)
})

test('distinct values count once per period, and a maximum without a reset lasts for ever', async () => {
  const { history } = await openHistory()
  const range = { startDate: '2026-04-30T00:00:00Z', endDate: '2026-05-03T00:00:00Z' }
  const points = async (feature: string) =>
    shown((await history(feature, range)).series[0]?.points ?? [])
  assert.deepEqual(await points('users'), [
    '04-30T00:00 1',
    '05-01T00:00 2',
    '05-01T00:00 0*',
    '05-02T00:00 1',
    '05-03T00:00 2',
  ])
  assert.deepEqual(await points('peak'), [
    '04-30T00:00 1',
    '05-01T00:00 10',
    '05-02T00:00 100',
    '05-03T00:00 100',
  ])
})

test('grouped usage has one series for each combination of values', async () => {
  const { history, ingest } = await openHistory()
  await ingest([{ eventName: 'call', idempotencyKey: 'bare', timestamp: '2026-05-02T00:00:00Z' }])
  const grouped = async (feature: string, groupBy: string) => {
    const { series } = await history(feature, {
      startDate: '2026-05-01T00:00:00Z',
      endDate: '2026-05-04T00:00:00Z',
      groupBy,
    })
    return series.map(({ tags, points }) => [
      tags.map(({ key, value }) => `${key}=${value}`).join(),
      points.map(({ value }) => value).join(' '),
    ])
  }
  assert.deepEqual(await grouped('tokens', 'userId'), [
    ['userId=ann', '0 100 107 107'],
    ['userId=cy', '0 0 3 3'],
  ])
  assert.deepEqual(await grouped('tokens', 'userId,isCached'), [
    ['userId=ann,isCached=false', '0 0 7 7'],
    ['userId=ann,isCached=true', '0 100 100 100'],
    ['userId=cy,isCached=false', '0 0 3 3'],
  ])
  assert.deepEqual(await grouped('users', 'nothing'), [['nothing=', '0 1 2 2']])
})

test('a history with too many points is refused, and no more of them are read', async () => {
  const shop = await openShop(world, { calls: { ...FEATURES.tokens, resetPeriod: 'HOUR' } })
  const users = Array.from({ length: 30 }, (_, n) => `user-${n}`)
  await shop.ingest(users.map((userId) => event('05-01T00:00:00', 1, userId)))
  const asked = (groupBy: string) => ({
    params: { customerId: 'acme', featureId: 'calls' },
    query: { startDate: '2025-12-01T00:00:00Z', ...(groupBy && { groupBy }) },
  })
  await shop.tenant.ok('v1.usage.history', asked(''))
  await shop.tenant.refused('v1.usage.history', asked('userId'), {
    status: 400,
    code: 'InvalidArgumentError',
    message: /100000 points/,
  })
  const { read } = world.bursar.app.db
  const [feature] = await findFeatures(read, shop.tenant.scope, ['calls'])
  const window = { start: Date.UTC(2026, 4, 1), end: Date.UTC(2026, 4, 2) }
  const found = await tallyStretches(
    read,
    {
      customerKey: required(await findCustomerKey(read, shop.tenant.scope, 'acme'), 'acme'),
      featureKey: required(feature, 'a feature').key,
      resourceKey: NO_RESOURCE,
      window,
    },
    {
      dimensions: ['userId'],
      cuts: { instants: [window.start, window.end], periods: [0] },
      limit: 7,
    },
  )
  assert.deepEqual(
    found.map(({ tags }) => tags),
    users
      .toSorted()
      .slice(0, 7)
      .map((user) => [user]),
  )
})

test('a history shows usage in limited units, and never below 0', async () => {
  const { history, report } = await openHistory()
  for (const value of [3, -5, 9]) {
    await report([{ featureId: 'seats', value }])
    clock.moveTo(clock.now() + 3_600_000)
  }
  try {
    const { series, markers } = await history('seats', { startDate: '2026-05-18T10:00:00Z' })
    assert.deepEqual(shown(series[0]?.points ?? []), [
      '05-18T10:00 0',
      '05-18T11:00 2',
      '05-18T12:00 0',
      '05-18T13:00 4',
      '05-18T13:07 4',
    ])
    assert.deepEqual(markers, [])
  } finally {
    clock.moveTo(null)
  }
})

test('a feature without usage has a history, too', async () => {
  const { history } = await openHistory()
  const range = { startDate: '2026-05-18T09:30:00Z', endDate: '2026-05-18T10:00:00Z' }
  for (const feature of ['seats', 'users'])
    assert.equal((await history(feature, range)).series.length, 1)
  assert.deepEqual((await history('seats', { ...range, groupBy: 'userId' })).series, [])
})

const REFUSALS: [string, object, object, Required<ExpectedRefusal>][] = [
  ['an unknown customer', { customerId: 'nobody' }, {}, notFound('CustomerNotFound', /nobody/)],
  ['an unknown feature', { featureId: 'nope' }, {}, notFound('FeatureNotFound', /nope/)],
  ['an unknown resource', {}, { resourceId: 'site' }, notFound('CustomerResourceNotFound', /site/)],
  [
    'a feature that is not metered',
    { featureId: 'sso' },
    {},
    badRequest('MeteringNotAvailableForFeatureType', /sso/),
  ],
  [
    'an empty range',
    { customerId: 'nobody' },
    { endDate: '2026-05-01T00:00:00Z' },
    badRequest('InvalidArgumentError', /startDate/),
  ],
  [
    'a range that begins later',
    { customerId: 'nobody' },
    { startDate: '2026-07-01T00:00:00Z' },
    badRequest('InvalidArgumentError', /startDate/),
  ],
  [
    'a range of more than ten years',
    {},
    { startDate: '2016-05-18T10:07:41Z' },
    badRequest('InvalidArgumentError', /10 years/),
  ],
  ['too many dimensions', {}, { groupBy: 'a,b,c,d' }, badRequest('BadUserInput', /groupBy/)],
  ['a dimension twice', {}, { groupBy: 'a,a' }, badRequest('BadUserInput', /groupBy/)],
  ['no beginning', {}, { startDate: 'yesterday' }, badRequest('BadUserInput', /startDate/)],
]
for (const [name, params, query, refusal] of REFUSALS)
  test(`a history is refused for ${name}`, async () => {
    const { tenant } = await openShop(world, { seats: {} })
    await tenant.ok('v1.features.createFeature', {
      body: { id: 'sso', displayName: 'sso', featureType: 'BOOLEAN' },
    })
    await tenant.refused(
      'v1.usage.history',
      {
        params: { customerId: 'acme', featureId: 'seats', ...params },
        query: { startDate: '2026-05-01T00:00:00Z', ...query },
      },
      refusal,
    )
  })

test('a history that is too long is refused before its records are counted', async (t) => {
  const { tenant, ingest } = await openShop(world, FEATURES)
  for (let batch = 0; batch < 3; batch += 1)
    await ingest(
      Array.from({ length: 1000 }, (_, index) => ({
        eventName: 'call',
        idempotencyKey: `${batch} ${index}`,
        dimensions: { tokens: 1, requestId: `${batch} ${index}` },
      })),
    )
  const { db } = world.bursar.app
  const { heavy } = db
  t.after(() => Object.assign(db, { heavy }))
  const sent: string[] = []
  /** Records what is sent. */
  const heard: typeof heavy = (reading, work) =>
    heavy(reading, (own) =>
      work({
        ...own,
        snapshot: (inside, options) =>
          own.snapshot(
            (reader) =>
              inside({
                ...reader,
                many: (decode, statement) => {
                  sent.push(statement.text.join('?'))
                  return reader.many(decode, statement)
                },
              }),
            options,
          ),
      }),
    )
  Object.assign(db, { heavy: heard })
  const counts = () => sent.filter((text) => text.includes('first_seen')).length
  const range = { startDate: '2026-05-16T11:00:00Z', endDate: '2026-05-18T11:00:00Z' }
  const params = { customerId: 'acme', featureId: 'tokens' }
  const groupBy = 'requestId'
  await tenant.refused(
    'v1.usage.history',
    { params, query: { ...range, groupBy } },
    { status: 400, code: 'InvalidArgumentError', message: /more than 100000 points/ },
  )
  assert.equal(counts(), 0)
  const one = { startDate: '2026-05-18T10:00:00Z', endDate: '2026-05-18T11:00:00Z', groupBy }
  assert.equal((await historyOf(tenant)('tokens', one)).series.length, 3000)
  assert.equal(counts(), 1)
})
