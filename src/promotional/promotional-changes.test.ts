import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acme, grantItem, grantTo } from '../../test/support/grants.ts'
import { DAY_MS, promotionalIn } from '../../test/support/promotional.ts'
import { NOW, openWorldApart, type Tenant } from '../../test/support/world.ts'
import { requireCustomer } from '../customers/index.ts'
import { instantFromWire } from '../kernel/clock.ts'
import { quantityToWire } from '../kernel/quantity.ts'
import { entitlements } from '../sources.ts'

const world = await openWorldApart()
const { app } = world.bursar
const LIST = 'v1.customers.promotionalEntitlements.list'
const UPDATE = 'v1.customers.promotionalEntitlements.update'
const CHECK = 'v1.customers.checkEntitlement'
const START = instantFromWire(NOW)

const { openTenant, pass } = promotionalIn(world)
const of = (featureId: string, body: object = {}) => ({ params: { id: 'acme', featureId }, body })
const report = (tenant: Tenant, value: number) =>
  tenant.ok('v1.usage.report', {
    body: { usages: [{ customerId: 'acme', featureId: 'calls', value, dimensions: {} }] },
  })
const check = async (tenant: Tenant) => {
  const { data } = await tenant.ok(CHECK, { ...acme, query: { featureId: 'calls' } })
  assert.ok('usageLimit' in data && 'currentUsage' in data)
  return { limit: data.usageLimit, usage: data.currentUsage }
}
const weekly = grantItem('calls', { usageLimit: 10, resetPeriod: 'WEEK', period: '1 month' })

test('raising a limit keeps the usage, the period and the id', async () => {
  const tenant = await openTenant()
  const [granted] = (await grantTo(tenant, [weekly])).data
  await pass(3 * DAY_MS)
  await report(tenant, 8)
  await pass(1)
  const { data } = await tenant.ok(UPDATE, of('calls', { usageLimit: 25, hasSoftLimit: true }))
  const updatedAt = new Date(app.clock.now()).toISOString()
  assert.deepEqual(data, { ...granted, usageLimit: 25, hasSoftLimit: true, updatedAt })
  assert.deepEqual(await check(tenant), { limit: 25, usage: 8 })
  assert.deepEqual((await tenant.ok(LIST, acme)).data, [data])
  await pass(4 * DAY_MS - 2)
  assert.deepEqual(await check(tenant), { limit: 25, usage: 8 })
  await pass(1)
  assert.deepEqual(await check(tenant), { limit: 25, usage: 0 })
})

test('the entitlement at an earlier instant can be read after changes', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [weekly])
  for (const usageLimit of [20, 30]) {
    await pass(DAY_MS)
    await tenant.ok(UPDATE, of('calls', { usageLimit }))
  }
  await pass(DAY_MS)
  await tenant.ok('v1.customers.promotionalEntitlements.revoke', { params: of('calls').params })
  const customerKey = await requireCustomer(app.db.read, tenant.scope, 'acme')
  const { data } = await tenant.ok('v1.features.listFeatures')
  const calls = data.find(({ id }) => id === 'calls')
  assert.ok(calls !== undefined)
  const [listed] = (await tenant.ok(LIST, acme)).data
  assert.equal(listed?.usageLimit, 30)
  const wanted = [{ customerKey, featureKey: listed.featureId, resourceKey: null }]
  const heldAt = async (now: number) => {
    const [held] = await entitlements.readEffectiveEntitlements(app.db.read, wanted, { now })
    const { limit, anchor } = held?.resolution.effective ?? { limit: null, anchor: null }
    return limit === null ? null : [quantityToWire(limit), anchor]
  }
  const rows = [
    [START - 1, null],
    [START, [10, START]],
    [START + DAY_MS - 1, [10, START]],
    [START + DAY_MS, [20, START]],
    [START + 2 * DAY_MS - 1, [20, START]],
    [START + 2 * DAY_MS, [30, START]],
    [START + 3 * DAY_MS - 1, [30, START]],
    [START + 3 * DAY_MS, null],
  ] as const
  for (const [now, held] of rows) assert.deepEqual(await heldAt(now), held)
})

test('a change publishes an event with the previous values, and one without a difference does not', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [weekly])
  const before = (await tenant.announced()).length
  await pass(1)
  await tenant.ok(UPDATE, of('calls', { usageLimit: 10, period: '1 month', resetPeriod: 'WEEK' }))
  assert.equal((await tenant.announced()).length, before)
  await tenant.ok(UPDATE, of('calls', { usageLimit: 11 }))
  const [updated, current, ...rest] = (await tenant.announced()).slice(before)
  assert.deepEqual(rest, [])
  assert.equal(updated?.type, 'promotional_entitlement.updated')
  assert.deepEqual(
    [updated.before, updated.after].map((each) => (each as { usageLimit: number }).usageLimit),
    [10, 11],
  )
  assert.equal(current?.type, 'entitlements.updated')
  assert.equal((current.after as { trigger: string }).trigger, 'promotional_entitlement_updated')
})

test('a changed end is published when it comes, and only then', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [
    grantItem('sso', { period: '1 week' }),
    grantItem('seats', { usageLimit: 1 }),
  ])
  await pass(DAY_MS)
  await tenant.ok(UPDATE, of('sso', { period: '1 month' }))
  const shorter = new Date(app.clock.now() + DAY_MS).toISOString()
  await tenant.ok(UPDATE, of('seats', { customEndDate: shorter }))
  const ended = async () =>
    (await tenant.announced())
      .filter(({ type }) => /ends_soon|expired/.test(type))
      .map(({ type, after }) => [type, (after as { feature: { id: string } }).feature.id])
  await pass(DAY_MS)
  const seats = ['promotional_entitlement.expired', 'seats']
  assert.deepEqual(await ended(), [seats])
  await pass(7 * DAY_MS)
  assert.deepEqual(await ended(), [seats])
  await pass(30 * DAY_MS)
  assert.deepEqual(await ended(), [
    seats,
    ['promotional_entitlement.ends_soon', 'sso'],
    ['promotional_entitlement.expired', 'sso'],
  ])
})

test('the reset period can change until something has counted', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [weekly])
  await pass(DAY_MS)
  const { data } = await tenant.ok(UPDATE, of('calls', { resetPeriod: 'DAY' }))
  assert.equal(data.resetPeriod, 'DAY')
  await report(tenant, 3)
  const refusal = { status: 400, code: 'InvalidEntitlementResetPeriod', message: /calls.*counted/ }
  await tenant.refused(UPDATE, of('calls', { resetPeriod: 'MONTH' }), refusal)
  await tenant.refused(UPDATE, of('calls', { usageLimit: 99, resetPeriod: null }), refusal)
  assert.deepEqual(await check(tenant), { limit: 10, usage: 3 })
  await tenant.ok(UPDATE, of('calls', { usageLimit: 12, resetPeriod: 'DAY' }))
  assert.deepEqual(await check(tenant), { limit: 12, usage: 3 })
})

test('a refused change writes nothing', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [weekly, grantItem('region', { enumValues: ['eu'] })])
  const before = await tenant.announced()
  const invalid = { status: 400, code: 'InvalidArgumentError' }
  await tenant.refused(UPDATE, of('region', { enumValues: ['mars'] }), invalid)
  await tenant.refused(UPDATE, of('calls', { customEndDate: NOW }), invalid)
  await tenant.refused(UPDATE, of('calls', { usageLimit: -1 }), {
    status: 400,
    code: 'BadUserInput',
  })
  await tenant.refused(UPDATE, of('calls', { limit: 1 }), { status: 400, code: 'BadUserInput' })
  const missing = { status: 404, code: 'PromotionalEntitlementNotFoundError' }
  await tenant.refused(UPDATE, of('sso', { isVisible: false }), missing)
  await tenant.refused(UPDATE, of('nothing', { isVisible: false }), missing)
  await tenant.refused(
    UPDATE,
    { ...of('calls'), params: { id: 'nobody', featureId: 'calls' } },
    { status: 404, code: 'CustomerNotFound' },
  )
  await tenant.ok('v1.customers.archive', acme)
  const archived = { status: 400, code: 'EntityIsArchivedError' }
  await tenant.refused(UPDATE, of('calls', { usageLimit: 99 }), archived)
  assert.deepEqual((await tenant.announced()).slice(0, before.length), before)
  await tenant.ok('v1.customers.unarchive', acme)
  assert.deepEqual(await check(tenant), { limit: 10, usage: 0 })
})

test('concurrent changes and usage lose no usage', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [grantItem('calls', { usageLimit: 1000, resetPeriod: 'WEEK' })])
  const limits = Array.from({ length: 10 }, (_, at) => 1001 + at)
  await Promise.all([
    ...limits.map((usageLimit) => tenant.ok(UPDATE, of('calls', { usageLimit }))),
    ...limits.map(() => report(tenant, 2)),
  ])
  assert.equal((await check(tenant)).usage, 20)
  assert.equal((await tenant.ok(LIST, acme)).data.length, 1)
})
