import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acme, grantItem, grantTo } from '../../test/support/grants.ts'
import { DAY_MS, promotionalIn } from '../../test/support/promotional.ts'
import { type ExpectedRefusal, NOW, openWorldApart, type Tenant } from '../../test/support/world.ts'
import type { PromotionalEntitlementInput } from '../api.gen.ts'
import { sql } from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'
import { IN_FORCE_LIMIT } from './commands.ts'

const world = await openWorldApart()
const { app } = world.bursar
const CREATE = 'v1.customers.promotionalEntitlements.create'
const LIST = 'v1.customers.promotionalEntitlements.list'
const REVOKE = 'v1.customers.promotionalEntitlements.revoke'

const { openTenant, pass } = promotionalIn(world)
const of = (featureId: string) => ({ params: { id: 'acme', featureId } })
const body = (...items: PromotionalEntitlementInput[]) => ({
  ...acme,
  body: { promotionalEntitlements: items },
})
const listed = async (tenant: Tenant, query: Record<string, string> = {}) =>
  (await tenant.ok(LIST, { ...acme, query })).data.map(({ feature, status }) => [
    feature.id,
    status,
  ])

test('granted entitlements are returned in the order of the request, with both kinds of ids', async () => {
  const tenant = await openTenant()
  const { data } = await grantTo(tenant, [
    grantItem('calls', {
      period: '1 month',
      usageLimit: 15_000,
      hasSoftLimit: true,
      isVisible: false,
      resetPeriod: 'WEEK',
      weeklyResetPeriodConfiguration: { accordingTo: 'EveryMonday' },
    }),
    grantItem('region', { enumValues: ['us', 'eu'] }),
    grantItem('sso', { period: 'custom', customEndDate: '2026-05-20T00:00:00+02:00' }),
    grantItem('seats', { hasUnlimitedUsage: true }),
  ])
  const [calls, region, sso, seats] = data
  assert.deepEqual(calls, {
    id: calls?.id,
    featureId: calls?.featureId,
    feature: { id: 'calls', displayName: 'calls', featureStatus: 'NEW', featureType: 'NUMBER' },
    environmentId: tenant.scope.environmentKey,
    status: 'Active',
    description: null,
    period: '1 month',
    startDate: NOW,
    endDate: '2026-06-18T10:07:42.000Z',
    usageLimit: 15_000,
    hasUnlimitedUsage: false,
    hasSoftLimit: true,
    enumValues: null,
    isVisible: false,
    resetPeriod: 'WEEK',
    resetPeriodConfiguration: { accordingTo: 'EveryMonday' },
    featureGroupIds: null,
    createdAt: NOW,
    updatedAt: NOW,
  })
  assert.deepEqual(
    [region?.enumValues, region?.endDate, region?.isVisible],
    [['eu', 'us'], null, true],
  )
  assert.equal(sso?.endDate, '2026-05-19T22:00:00.000Z')
  assert.deepEqual([seats?.usageLimit, seats?.hasUnlimitedUsage], [null, true])
  const { data: page } = await tenant.ok(LIST, acme)
  assert.deepEqual(page, data.toReversed())
})

test('absent fields of the reset period are null', async () => {
  const tenant = await openTenant()
  const {
    resetPeriod: _period,
    yearlyResetPeriodConfiguration: _year,
    monthlyResetPeriodConfiguration: _month,
    weeklyResetPeriodConfiguration: _week,
    ...bare
  } = grantItem('calls', { usageLimit: 5 })
  const [granted] = (await grantTo(tenant, [bare])).data
  assert.deepEqual([granted?.resetPeriod, granted?.resetPeriodConfiguration], [null, null])
})

/** Each of these items is refused, and a valid item in the same request is not granted either. */
const refusals: readonly (readonly [string, PromotionalEntitlementInput, ExpectedRefusal])[] = [
  ['a feature that does not exist', grantItem('nothing'), { status: 404, code: 'FeatureNotFound' }],
  ['an archived feature', grantItem('old'), { status: 400, code: 'EntityIsArchivedError' }],
  [
    'a field of another type of feature',
    grantItem('region', { usageLimit: 1 }),
    { status: 400, code: 'UnsupportedFeatureType' },
  ],
  [
    'a reset period of a level',
    grantItem('seats', { usageLimit: 1, resetPeriod: 'DAY' }),
    { status: 400, code: 'InvalidEntitlementResetPeriod' },
  ],
  [
    'no limit',
    grantItem('calls'),
    { status: 400, code: 'InvalidArgumentError', message: /\[1\] \(calls\)/ },
  ],
  [
    'an end in the past',
    grantItem('seats', { usageLimit: 1, period: 'custom', customEndDate: NOW }),
    { status: 400, code: 'InvalidArgumentError', message: /customEndDate/ },
  ],
  [
    'a feature twice',
    grantItem('sso'),
    { status: 400, code: 'BadUserInput', message: /\[1\] \(sso\)/ },
  ],
  [
    'a negative limit',
    grantItem('seats', { usageLimit: -1 }),
    { status: 400, code: 'BadUserInput', message: /usageLimit/ },
  ],
  [
    'a feature that is granted',
    grantItem('retention', { usageLimit: 1 }),
    { status: 409, code: 'DuplicatedEntityNotAllowed', message: /\[1\] \(retention\)/ },
  ],
]

test('an invalid item causes the refusal of the whole request, and nothing is written', async () => {
  const tenant = await openTenant()
  const old = { id: 'old', displayName: 'old', featureType: 'BOOLEAN' }
  await tenant.ok('v1.features.createFeature', { body: old })
  await tenant.ok('v1.features.archiveFeature', { params: { id: 'old' } })
  await grantTo(tenant, [grantItem('retention', { usageLimit: 30 })])
  const before = await tenant.announced()
  for (const [, item, refusal] of refusals)
    await tenant.refused(CREATE, body(grantItem('sso'), item), refusal)
  assert.deepEqual(await listed(tenant), [['retention', 'Active']])
  assert.deepEqual(await tenant.announced(), before)
})

test('an unknown or archived customer is refused', async () => {
  const tenant = await openTenant()
  const unknown = { status: 404, code: 'CustomerNotFound' }
  const nobody = { params: { id: 'nobody', featureId: 'sso' } }
  await tenant.refused(CREATE, { ...body(grantItem('nothing')), ...nobody }, unknown)
  await tenant.refused(LIST, nobody, unknown)
  await tenant.refused(REVOKE, nobody, unknown)
  await grantTo(tenant, [grantItem('sso')])
  await tenant.ok('v1.customers.archive', acme)
  const archived = { status: 400, code: 'EntityIsArchivedError' }
  await tenant.refused(CREATE, body(grantItem('nothing')), archived)
  await tenant.refused(REVOKE, of('sso'), archived)
})

test('an entitlement is paused while its customer is archived, and its period continues', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [grantItem('sso'), grantItem('seats', { usageLimit: 1, period: '1 week' })])
  await tenant.ok('v1.customers.archive', acme)
  assert.deepEqual(await listed(tenant), [
    ['seats', 'Paused'],
    ['sso', 'Paused'],
  ])
  assert.deepEqual(await listed(tenant, { status: 'Active' }), [])
  await pass(7 * DAY_MS)
  assert.deepEqual(await listed(tenant, { status: 'Paused' }), [['sso', 'Paused']])
  await tenant.ok('v1.customers.unarchive', acme)
  assert.deepEqual(await listed(tenant, { status: 'Active,Expired' }), [
    ['seats', 'Expired'],
    ['sso', 'Active'],
  ])
})

test('a revoked entitlement has ended, and its feature can be granted again', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [grantItem('seats', { usageLimit: 1 })])
  world.clock.moveTo(app.clock.now() + 1000)
  const { data } = await tenant.ok(REVOKE, of('seats'))
  const now = instantToWire(app.clock.now())
  assert.deepEqual([data.status, data.endDate, data.updatedAt], ['Expired', now, now])
  const missing = { status: 404, code: 'PromotionalEntitlementNotFoundError' }
  await tenant.refused(REVOKE, of('seats'), missing)
  await tenant.refused(REVOKE, of('nothing'), missing)
  await grantTo(tenant, [grantItem('seats', { usageLimit: 2 })])
  assert.deepEqual(await listed(tenant), [
    ['seats', 'Active'],
    ['seats', 'Expired'],
  ])
})

test('an ended entitlement cannot be revoked, and its feature can be granted again', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [grantItem('sso', { period: '1 week' })])
  world.clock.moveTo(app.clock.now() + 7 * DAY_MS)
  const missing = { status: 404, code: 'PromotionalEntitlementNotFoundError' }
  await tenant.refused(REVOKE, of('sso'), missing)
  await grantTo(tenant, [grantItem('sso')])
})

test('entitlements can be listed in pages, by status and by time', async () => {
  const tenant = await openTenant()
  const ids = ['sso', 'retention', 'seats', 'calls']
  for (const id of ids) {
    await grantTo(tenant, [grantItem(id, id === 'sso' ? {} : { usageLimit: 1 })])
    world.clock.moveTo(app.clock.now() + 1000)
  }
  await tenant.ok(REVOKE, of('retention'))
  const first = await tenant.ok(LIST, { ...acme, query: { limit: '3' } })
  const after = String(first.pagination.next)
  const rest = await tenant.ok(LIST, { ...acme, query: { limit: '3', after } })
  assert.deepEqual(
    [...first.data, ...rest.data].map(({ feature }) => feature.id),
    ids.toReversed(),
  )
  assert.deepEqual(await listed(tenant, { status: 'Expired' }), [['retention', 'Expired']])
  assert.deepEqual(await listed(tenant, { 'createdAt[gt]': NOW, status: 'Active' }), [
    ['calls', 'Active'],
    ['seats', 'Active'],
  ])
  assert.deepEqual(await listed(tenant, { 'createdAt[lte]': NOW }), [['sso', 'Active']])
})

test('of concurrent requests that grant the same feature, one succeeds', async () => {
  const tenant = await openTenant()
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => tenant.call(CREATE, body(grantItem('sso')))),
  )
  const statuses = answers.map(({ status }) => status).toSorted()
  assert.deepEqual(statuses, [201, ...Array.from({ length: 11 }, () => 409)])
  assert.deepEqual(await listed(tenant), [['sso', 'Active']])
})

test('overlapping concurrent requests grant each feature once', async () => {
  const tenant = await openTenant()
  const pairs = [
    ['sso', 'region'],
    ['region', 'sso'],
    ['region', 'retention'],
    ['retention', 'sso'],
  ]
  const item = (id: string) =>
    grantItem(id, {
      ...(id === 'region' ? { enumValues: ['eu'] } : {}),
      ...(id === 'retention' ? { usageLimit: 1 } : {}),
    })
  const answers = await Promise.all(pairs.map((ids) => tenant.call(CREATE, body(...ids.map(item)))))
  const granted = answers.flatMap(({ success }) => success?.data ?? [])
  const ids = granted.map(({ feature }) => feature.id)
  assert.equal(new Set(ids).size, ids.length)
  assert.deepEqual((await listed(tenant)).map(([id]) => id).toSorted(), ids.toSorted())
})

test('a granted value cannot be removed from its feature', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [grantItem('region', { enumValues: ['eu'] })])
  const update = (...values: string[]) => ({
    params: { id: 'region' },
    body: { enumConfiguration: values.map((value) => ({ value, displayName: value })) },
  })
  await tenant.refused('v1.features.updateFeature', update('us'), {
    status: 400,
    code: 'InvalidArgumentError',
    message: /eu/,
  })
  await tenant.ok('v1.features.updateFeature', update('eu'))
  await tenant.ok(REVOKE, of('region'))
  await tenant.ok('v1.features.updateFeature', update('us'))
})

test(`a customer has at most ${IN_FORCE_LIMIT} promotional entitlements in force`, async () => {
  const tenant = await openTenant()
  await app.db.transaction((tx) =>
    tx.execute(sql`
      insert into features (feature_key, environment_key, id, display_name, feature_type,
        meter_type, status, metadata, created_at, updated_at)
      select gen_random_uuid(), ${tenant.scope.environmentKey}::uuid, 'many-' || n, 'Many',
        'BOOLEAN', 'None', 'NEW', '{}', ${NOW}::timestamptz, ${NOW}::timestamptz
      from generate_series(0, ${IN_FORCE_LIMIT}::integer) as n`),
  )
  const some = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => grantItem(`many-${from + index}`))
  for (let from = 0; from < IN_FORCE_LIMIT; from += 100) await grantTo(tenant, some(from, 100))
  const tooMany = { status: 400, code: 'BadUserInput', message: /at most 1000/ }
  await tenant.refused(CREATE, body(...some(IN_FORCE_LIMIT, 1)), tooMany)
  await tenant.ok(REVOKE, of('many-0'))
  await grantTo(tenant, some(IN_FORCE_LIMIT, 1))
})
