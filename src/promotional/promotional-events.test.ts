import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acme, grantItem, grantTo } from '../../test/support/grants.ts'
import { DAY_MS, promotionalIn } from '../../test/support/promotional.ts'
import { openWorldApart, type Tenant } from '../../test/support/world.ts'
import { requireCustomer } from '../customers/index.ts'
import { column, row, sql } from '../db/index.ts'
import { instantFromWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'

const world = await openWorldApart()
const { app } = world.bursar
const REVOKE = 'v1.customers.promotionalEntitlements.revoke'

const { openTenant, pass } = promotionalIn(world)
const of = (featureId: string) => ({ params: { id: 'acme', featureId } })

const versionRow = row({ version: column.uuid })
async function versionOf(tenant: Tenant): Promise<Uuid | null> {
  const customerKey = await requireCustomer(app.db.read, tenant.scope, 'acme')
  const found = await app.db.read.maybeOne(
    versionRow,
    sql`
      select structure_version as version from customer_heads
      where customer_key = ${customerKey}::uuid`,
  )
  return found?.version ?? null
}

const announcedOf = async (tenant: Tenant) =>
  (await tenant.announced())
    .filter(({ type }) => /entitlement/.test(type))
    .map(({ type, after }) => {
      const { trigger, status } = after as { trigger?: string; status?: string }
      return [type, trigger ?? status]
    })

test('granting and revoking publish an event, and one with all resulting entitlements', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [grantItem('sso'), grantItem('seats', { usageLimit: 5 })])
  await tenant.ok(REVOKE, of('sso'))
  assert.deepEqual(await announcedOf(tenant), [
    ['promotional_entitlement.granted', 'Active'],
    ['promotional_entitlement.granted', 'Active'],
    ['entitlements.updated', 'promotional_entitlement_granted'],
    ['promotional_entitlement.revoked', 'Expired'],
    ['entitlements.updated', 'promotional_entitlement_revoked'],
  ])
  const updated = (await tenant.announced()).at(-1)
  assert.ok(updated !== undefined)
  const { entitlements, ...rest } = updated.after as {
    entitlements: { feature: { id: string } }[]
  }
  assert.equal(updated.objectId, 'acme')
  assert.deepEqual(rest, {
    customerId: 'acme',
    trigger: 'promotional_entitlement_revoked',
    accessDeniedReason: null,
  })
  assert.deepEqual(
    entitlements.map(({ feature }) => feature.id),
    ['seats'],
  )
})

test('the end is published a week ahead and when it comes, each once', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [
    grantItem('sso', { period: '1 week' }),
    grantItem('seats', { usageLimit: 5, period: '1 month' }),
    grantItem('calls', { usageLimit: 5, period: '1 month' }),
  ])
  await tenant.ok(REVOKE, of('calls'))
  const granted = (await announcedOf(tenant)).length
  const later = async () => (await announcedOf(tenant)).slice(granted)
  await pass(7 * DAY_MS - 1)
  assert.deepEqual(await later(), [])
  await pass(1)
  await pass(0)
  const expired = [
    ['promotional_entitlement.expired', 'Expired'],
    ['entitlements.updated', 'promotional_entitlement_expired'],
  ]
  assert.deepEqual(await later(), expired)
  world.clock.moveTo(instantFromWire('2026-06-11T10:07:42Z'))
  await pass(0)
  const warned = [...expired, ['promotional_entitlement.ends_soon', 'Active']]
  assert.deepEqual(await later(), warned)
  await pass(30 * DAY_MS)
  assert.deepEqual(await later(), [...warned, ...expired])
})

test('the end of an entitlement of an archived customer does not change what the customer may use', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [grantItem('sso', { period: '1 week' })])
  await tenant.ok('v1.customers.archive', acme)
  await pass(7 * DAY_MS)
  assert.deepEqual((await announcedOf(tenant)).slice(2), [
    ['entitlements.updated', 'customer_archived'],
    ['promotional_entitlement.expired', 'Expired'],
  ])
})

test('archiving and unarchiving publish the entitlements of a customer that has any', async () => {
  const tenant = await openTenant()
  const there = async () => {
    await tenant.ok('v1.customers.archive', acme)
    await tenant.ok('v1.customers.archive', acme)
    await tenant.ok('v1.customers.unarchive', acme)
  }
  await there()
  assert.deepEqual(await announcedOf(tenant), [])
  await grantTo(tenant, [grantItem('sso')])
  const version = await versionOf(tenant)
  await there()
  assert.deepEqual((await announcedOf(tenant)).slice(2), [
    ['entitlements.updated', 'customer_archived'],
    ['entitlements.updated', 'customer_unarchived'],
  ])
  assert.notEqual(await versionOf(tenant), version)
  const listed = (await tenant.announced())
    .filter(({ type }) => type === 'entitlements.updated')
    .map(({ after }) => after as { accessDeniedReason: string | null; entitlements: unknown[] })
    .map(({ accessDeniedReason, entitlements }) => [accessDeniedReason, entitlements.length])
  assert.deepEqual(listed, [
    [null, 1],
    ['CustomerIsArchived', 0],
    [null, 1],
  ])
})

test('only changes of the entitlements of a customer renew its version', async () => {
  const tenant = await openTenant()
  const before = await versionOf(tenant)
  await grantTo(tenant, [grantItem('sso')])
  const granted = await versionOf(tenant)
  assert.notEqual(granted, before)
  await tenant.refused(
    'v1.customers.promotionalEntitlements.create',
    { ...acme, body: { promotionalEntitlements: [grantItem('sso')] } },
    { status: 409, code: 'DuplicatedEntityNotAllowed' },
  )
  assert.equal(await versionOf(tenant), granted)
  await tenant.ok(REVOKE, of('sso'))
  assert.notEqual(await versionOf(tenant), granted)
})
