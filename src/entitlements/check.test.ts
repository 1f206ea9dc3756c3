import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acme, furnishFeatures, grantItem, grantTo } from '../../test/support/grants.ts'
import { NOW, openWorld, type Tenant } from '../../test/support/world.ts'
import type { FeatureEntitlement } from '../api.gen.ts'
import { requireCustomer } from '../customers/index.ts'
import { addResource } from '../customers/resource-store.ts'
import { sql } from '../db/index.ts'
import { instantFromWire, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { boundToSql, LIFETIME, type Window } from '../kernel/period.ts'
import { NO_RESOURCE } from '../metering/index.ts'

const world = await openWorld()
const { app } = world.bursar
const CHECK = 'v1.customers.checkEntitlement'
const LIST = 'v1.customers.retrieveEntitlements'

async function openTenant(): Promise<Tenant> {
  world.clock.moveTo(instantFromWire(NOW))
  const tenant = await world.tenant()
  await furnishFeatures(tenant)
  return tenant
}

async function checked(tenant: Tenant, query: string, id = 'acme'): Promise<FeatureEntitlement> {
  const { data } = await tenant.ok(CHECK, { params: { id }, query })
  assert.ok(data.type === 'FEATURE')
  return data
}
/** `granted`, or the reason of a denial. */
const verdict = async (tenant: Tenant, query: string, id = 'acme') => {
  const { isGranted, accessDeniedReason } = await checked(tenant, query, id)
  return isGranted ? 'granted' : accessDeniedReason
}

async function assertMostSeats(tenant: Tenant, most: number): Promise<void> {
  assert.equal(await verdict(tenant, `featureId=seats&requestedUsage=${most}`), 'granted')
  assert.equal(
    await verdict(tenant, `featureId=seats&requestedUsage=${most + 1}`),
    'RequestedUsageExceedingLimit',
  )
}

async function keysOf(tenant: Tenant, featureId: string) {
  const { params } = { params: { id: featureId } }
  await tenant.ok('v1.features.retrieveFeature', { params })
  const [found] = await app.db.read.many(
    (raw) => raw.feature_key ?? '',
    sql`select feature_key from features
      where environment_key = ${tenant.scope.environmentKey}::uuid and id = ${featureId}::text`,
  )
  assert.ok(found !== undefined)
  return {
    featureKey: found,
    customerKey: await requireCustomer(app.db.read, tenant.scope, 'acme'),
  }
}

type Usage = { sum: number; last: string; window?: Window; resourceKey?: Uuid }

/** Stores a total as metering does. */
async function keepTotal(tenant: Tenant, featureId: string, usage: Usage): Promise<void> {
  const { featureKey, customerKey } = await keysOf(tenant, featureId)
  const { sum, last, window = LIFETIME, resourceKey = NO_RESOURCE } = usage
  await app.db.transaction((tx) =>
    tx.execute(sql`
      insert into usage_totals (customer_key, feature_key, resource_key, window_end, window_start,
        environment_key, is_kept, count, sum, min, max, distinct_count, last_at)
      values (${customerKey}::uuid, ${featureKey}::uuid, ${resourceKey}::uuid,
        ${boundToSql(window.end)}::timestamptz, ${boundToSql(window.start)}::timestamptz,
        ${tenant.scope.environmentKey}::uuid, ${window === LIFETIME}::boolean, 1, ${sum}::integer,
        ${sum}::integer, ${sum}::integer, 0, ${last}::timestamptz)`),
  )
}

/** Reports usage and removes the window totals that metering may purge. */
async function record(tenant: Tenant, featureId: string, value: number, createdAt: string) {
  const usages = [{ customerId: 'acme', featureId, value, createdAt }]
  await tenant.ok('v1.usage.report', { body: { usages } })
  const { customerKey } = await keysOf(tenant, featureId)
  await app.db.transaction((tx) =>
    tx.execute(sql`
      delete from usage_totals where customer_key = ${customerKey}::uuid and not is_kept`),
  )
}

test('an unknown customer, feature or resource is denied, and so is an archived customer', async () => {
  const tenant = await openTenant()
  assert.equal(await verdict(tenant, 'featureId=sso', 'nobody'), 'CustomerNotFound')
  assert.equal(await verdict(tenant, 'featureId=sso', 'no such @ id'), 'CustomerNotFound')
  assert.equal(await verdict(tenant, 'featureId=nothing'), 'FeatureNotFound')
  assert.equal(await verdict(tenant, 'featureId=sso'), 'NoActiveSubscription')
  assert.equal(await verdict(tenant, 'featureId=sso&resourceId=site'), 'CustomerResourceNotFound')
  await tenant.ok('v1.customers.archive', acme)
  assert.equal(await verdict(tenant, 'featureId=nothing&resourceId=site'), 'CustomerIsArchived')
})

test('each type of feature is checked by its own fields', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [
    grantItem('sso'),
    grantItem('region', { enumValues: ['eu', 'a,b'] }),
    grantItem('retention', { usageLimit: 30 }),
    grantItem('seats', { usageLimit: 5 }),
    grantItem('calls', { hasUnlimitedUsage: true }),
  ])
  const verdicts: readonly (readonly [string, string])[] = [
    ['featureId=sso', 'granted'],
    ['featureId=sso&requestedUsage=0', 'FeatureTypeMismatch'],
    ['featureId=sso&requestedValues=eu', 'FeatureTypeMismatch'],
    ['featureId=sso&requestedValues=', 'granted'],
    ['featureId=region', 'granted'],
    ['featureId=region&requestedValues=', 'granted'],
    ['featureId=region&requestedValues=,', 'RequestedValuesMismatch'],
    ['featureId=region&requestedValues=eu', 'granted'],
    ['featureId=region&requestedValues=eu,us', 'RequestedValuesMismatch'],
    ['featureId=region&requestedValues=a,b', 'granted'],
    ['featureId=region&requestedValues=a,b,eu', 'granted'],
    ['featureId=region&requestedValues=eu&requestedValues=a,b', 'granted'],
    ['featureId=region&requestedValues=a', 'RequestedValuesMismatch'],
    ['featureId=region&requestedUsage=1', 'FeatureTypeMismatch'],
    ['featureId=retention', 'granted'],
    ['featureId=retention&requestedUsage=30', 'granted'],
    ['featureId=retention&requestedUsage=31', 'RequestedUsageExceedingLimit'],
    ['featureId=seats&requestedUsage=5', 'granted'],
    ['featureId=seats&requestedUsage=6', 'RequestedUsageExceedingLimit'],
    ['featureId=seats&requestedValues=eu', 'FeatureTypeMismatch'],
    ['featureId=calls&requestedUsage=999999999999999', 'granted'],
  ]
  for (const [query, expected] of verdicts)
    assert.equal(await verdict(tenant, query), expected, query)
})

test('usage of a level counts for all time, and the requested usage is added to it', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [grantItem('seats', { usageLimit: 10 })])
  await keepTotal(tenant, 'seats', { sum: 9, last: NOW })
  assert.equal(await verdict(tenant, 'featureId=seats&requestedUsage=1'), 'granted')
  const denied = await checked(tenant, 'featureId=seats&requestedUsage=2')
  assert.deepEqual(denied, {
    type: 'FEATURE',
    isGranted: false,
    accessDeniedReason: 'RequestedUsageExceedingLimit',
    feature: { id: 'seats', displayName: 'seats', featureStatus: 'NEW', featureType: 'NUMBER' },
    usageLimit: 10,
    hasUnlimitedUsage: false,
    currentUsage: 9,
    resetPeriod: null,
    entitlementUpdatedAt: NOW,
  })
})

test('at the limit, a request for 0 is granted, and with a soft limit any request is', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [
    grantItem('seats', { usageLimit: 10 }),
    grantItem('calls', { usageLimit: 10, hasSoftLimit: true }),
  ])
  for (const id of ['seats', 'calls']) await keepTotal(tenant, id, { sum: 10, last: NOW })
  assert.equal(await verdict(tenant, 'featureId=seats'), 'granted')
  assert.equal(await verdict(tenant, 'featureId=seats&requestedUsage=0'), 'granted')
  assert.equal(
    await verdict(tenant, 'featureId=seats&requestedUsage=1'),
    'RequestedUsageExceedingLimit',
  )
  assert.equal(await verdict(tenant, 'featureId=calls&requestedUsage=99'), 'granted')
})

const MAY: Window = {
  start: instantFromWire('2026-05-01T00:00:00Z'),
  end: instantFromWire('2026-06-01T00:00:00Z'),
}
const monthly = grantItem('calls', {
  usageLimit: 100,
  resetPeriod: 'MONTH',
  monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
})

test('usage counts in its period and starts again with the next one', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [monthly])
  await keepTotal(tenant, 'calls', { sum: 900, last: NOW })
  await keepTotal(tenant, 'calls', { sum: 100, last: NOW, window: MAY })
  const { currentUsage, usagePeriodAnchor, usagePeriodStart, usagePeriodEnd, validUntil, ...rest } =
    await checked(tenant, 'featureId=calls&requestedUsage=1')
  assert.equal(rest.accessDeniedReason, 'RequestedUsageExceedingLimit')
  assert.deepEqual(
    [currentUsage, usagePeriodAnchor, usagePeriodStart, usagePeriodEnd, validUntil],
    [
      100,
      '2026-05-01T00:00:00.000Z',
      '2026-05-01T00:00:00.000Z',
      '2026-06-01T00:00:00.000Z',
      '2026-06-01T00:00:00.000Z',
    ],
  )
  world.clock.moveTo(MAY.end - 1)
  assert.equal((await checked(tenant, 'featureId=calls')).currentUsage, 100)
  world.clock.moveTo(MAY.end)
  const june = await checked(tenant, 'featureId=calls&requestedUsage=100')
  assert.deepEqual([june.isGranted, june.currentUsage], [true, 0])
  assert.equal(june.usagePeriodEnd, '2026-07-01T00:00:00.000Z')
})

test('usage of a period without a stored total is computed from records', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [monthly, grantItem('seats', { usageLimit: 5 })])
  await record(tenant, 'calls', 30, '2026-04-30T23:59:59.999Z')
  await record(tenant, 'calls', 40, '2026-05-01T00:00:00.000Z')
  await record(tenant, 'calls', 7, '2026-05-17T00:00:00.000Z')
  assert.equal((await checked(tenant, 'featureId=calls')).currentUsage, 47)
  const { data } = await tenant.ok(LIST, acme)
  assert.deepEqual(
    data.entitlements.map(({ currentUsage }) => currentUsage),
    [47, 0],
  )
})

test('negative usage is shown as 0, but counts as it is', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [grantItem('seats', { usageLimit: 10 })])
  await keepTotal(tenant, 'seats', { sum: -5, last: NOW })
  assert.equal((await checked(tenant, 'featureId=seats&requestedUsage=15')).currentUsage, 0)
  await assertMostSeats(tenant, 15)
})

test('a limit is in transformed units, and a request in raw units', async () => {
  const tenant = await openTenant()
  await tenant.ok('v1.features.updateFeature', {
    params: { id: 'seats' },
    body: { unitTransformation: { divide: 1000, round: 'UP' } },
  })
  await grantTo(tenant, [grantItem('seats', { usageLimit: 3 })])
  await keepTotal(tenant, 'seats', { sum: 2001, last: NOW })
  assert.equal((await checked(tenant, 'featureId=seats&requestedUsage=999')).currentUsage, 3)
  await assertMostSeats(tenant, 999)
})

test('a resource has its own usage, and the entitlements of its customer', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [grantItem('seats', { usageLimit: 10 })])
  const { customerKey } = await keysOf(tenant, 'seats')
  const now = app.clock.now()
  const resource = { key: app.ids.next(now), id: 'site', createdAt: now, updatedAt: now }
  await app.db.transaction((tx) => addResource(tx, { scope: tenant.scope, customerKey }, resource))
  await keepTotal(tenant, 'seats', { sum: 9, last: NOW })
  await keepTotal(tenant, 'seats', { sum: 4, last: NOW, resourceKey: resource.key })
  assert.equal((await checked(tenant, 'featureId=seats')).currentUsage, 9)
  assert.equal((await checked(tenant, 'featureId=seats&resourceId=site')).currentUsage, 4)
  const listed = async (resourceId: string) =>
    (await tenant.ok(LIST, { ...acme, query: { resourceId } })).data
  assert.equal((await listed('site')).entitlements[0]?.currentUsage, 4)
  assert.deepEqual(await listed('no-site'), {
    accessDeniedReason: 'NoActiveSubscription',
    entitlements: [],
  })
})

test('a decision is valid until the promotional entitlement ends, and then changes', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [grantItem('sso', { period: '1 week' })])
  const end = instantFromWire(NOW) + 7 * 86_400_000
  assert.equal((await checked(tenant, 'featureId=sso')).validUntil, instantToWire(end))
  world.clock.moveTo(end - 1)
  assert.equal(await verdict(tenant, 'featureId=sso'), 'granted')
  world.clock.moveTo(end)
  assert.equal(await verdict(tenant, 'featureId=sso'), 'NoActiveSubscription')
})

test('a customer keeps an entitlement to an archived feature until it is revoked', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [grantItem('sso')])
  await tenant.ok('v1.features.archiveFeature', { params: { id: 'sso' } })
  const { isGranted, feature } = await checked(tenant, 'featureId=sso')
  assert.deepEqual([isGranted, feature?.featureStatus], [true, 'SUSPENDED'])
  await tenant.ok('v1.customers.promotionalEntitlements.revoke', {
    params: { id: 'acme', featureId: 'sso' },
  })
  assert.equal(await verdict(tenant, 'featureId=sso'), 'NoActiveSubscription')
})

test('an invalid check is refused', async () => {
  const tenant = await openTenant()
  const refusals: readonly (readonly [string, string | null, RegExp])[] = [
    ['', 'InvalidArgumentError', /featureId or currencyId/],
    ['featureId=sso&currencyId=tokens', 'InvalidArgumentError', /featureId or currencyId/],
    ['featureId=seats&requestedUsage=-1', 'InvalidArgumentError', /requestedUsage/],
    ['featureId=seats&requestedUsage=1.5', 'BadUserInput', /requestedUsage/],
    ['featureId=seats&requestedUsage=9007199254740993', 'BadUserInput', /requestedUsage/],
    ['featureId=', 'BadUserInput', /featureId/],
    ['featureId=sso&featureId=seats', 'BadUserInput', /featureId/],
    ['featureId=sso&resourceId=', 'BadUserInput', /resourceId/],
  ]
  for (const id of [CHECK, 'v1.customers.explainEntitlement'] as const)
    for (const [query, code, message] of refusals)
      await tenant.refused(id, { ...acme, query }, { status: 400, code, message })
})

test('no customer has credits yet, and an unknown currency is a 404', async () => {
  const tenant = await openTenant()
  await tenant.ok('v1.credits.customCurrencies.create', {
    body: { id: 'tokens', displayName: 'Tokens', units: { singular: 'token', plural: 'tokens' } },
  })
  const check = async (query: string, id = 'acme') =>
    (await tenant.ok(CHECK, { params: { id }, query })).data
  assert.deepEqual(await check('currencyId=tokens'), {
    type: 'CREDIT',
    isGranted: false,
    accessDeniedReason: 'InsufficientCredits',
    currency: {
      currencyId: 'tokens',
      displayName: 'Tokens',
      description: null,
      metadata: {},
      unitSingular: 'token',
      unitPlural: 'tokens',
    },
    usageLimit: 0,
    currentUsage: 0,
    usageUpdatedAt: NOW,
  })
  const reasonOf = async (query: string, id?: string) => (await check(query, id)).accessDeniedReason
  assert.equal(await reasonOf('currencyId=tokens&requestedUsage=0'), 'InsufficientCredits')
  assert.equal(await reasonOf('currencyId=tokens', 'nobody'), 'CustomerNotFound')
  assert.equal(await reasonOf('currencyId=tokens&resourceId=site'), 'CustomerResourceNotFound')
  assert.equal(await reasonOf('currencyId=tokens&requestedValues=eu'), 'FeatureTypeMismatch')
  const unknown = { status: 404, code: 'CustomCurrencyNotFound' }
  await tenant.refused(CHECK, { ...acme, query: 'currencyId=nothing' }, unknown)
})

test('the list shows the same as a check of each feature, or the reason why it is empty', async () => {
  const tenant = await openTenant()
  const list = async (id: string) => (await tenant.ok(LIST, { params: { id } })).data
  const nothing = (accessDeniedReason: string) => ({ accessDeniedReason, entitlements: [] })
  assert.deepEqual(await list('nobody'), nothing('CustomerNotFound'))
  assert.deepEqual(await list('acme'), nothing('NoActiveSubscription'))
  const ids = ['sso', 'region', 'seats', 'calls']
  await grantTo(tenant, [
    grantItem('sso'),
    grantItem('region', { enumValues: ['eu'] }),
    grantItem('seats', { usageLimit: 5 }),
    monthly,
  ])
  await keepTotal(tenant, 'seats', { sum: 6, last: NOW })
  const { accessDeniedReason, entitlements } = await list('acme')
  assert.equal(accessDeniedReason, null)
  const checks = await Promise.all(ids.map((id) => checked(tenant, `featureId=${id}`)))
  assert.deepEqual(entitlements, checks.toReversed())
  await tenant.ok('v1.customers.archive', acme)
  assert.deepEqual(await list('acme'), nothing('CustomerIsArchived'))
})
