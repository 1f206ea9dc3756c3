import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { verdict } from '../../test/support/decisions.ts'
import { grantItem, grantTo } from '../../test/support/grants.ts'
import { differencesOf } from '../../test/support/verified.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { instantFromWire, instantToWire } from '../kernel/clock.ts'

const world = await openWorld()
const { clock } = world
const START = clock.now()
const MINUTE_MS = 60_000
const MIDNIGHT = instantFromWire('2026-05-19T00:00:00.000Z')
const before = { createdAt: instantToWire(MIDNIGHT - MINUTE_MS) }
const after = { createdAt: instantToWire(MIDNIGHT) }

const item = (value: number, more: object = {}) => ({
  ...{ customerId: params.id, featureId: FEATURE, value, ...more },
})
const report = async (tenant: Tenant, ...usages: object[]) =>
  (await tenant.ok('v1.usage.report', { body: { usages } })).data
const refuses = (tenant: Tenant, usages: object[], status: 400 | 404, code: string) =>
  tenant.refused('v1.usage.report', { body: { usages } }, { status, code, message: /usages\[1\]/ })

const granting = (tenant: Tenant, parts: object) =>
  grantTo(tenant, [grantItem(FEATURE, { usageLimit: 100, ...parts })])
const revoke = (tenant: Tenant) =>
  tenant.ok('v1.customers.promotionalEntitlements.revoke', {
    params: { ...params, featureId: FEATURE },
  })

/** A customer whose only grant ends at midnight, ten minutes later. */
async function openEnded(work: (tenant: Tenant) => Promise<void>) {
  const { tenant } = await openAgency(world)
  await revoke(tenant)
  const custom = { period: 'custom', customEndDate: instantToWire(MIDNIGHT) }
  await granting(tenant, { ...custom, resetPeriod: 'DAY' })
  clock.moveTo(MIDNIGHT + 10 * MINUTE_MS)
  try {
    await work(tenant)
    assert.deepEqual(await differencesOf(world, tenant), {})
  } finally {
    clock.moveTo(START)
  }
}

const historyOf = async (tenant: Tenant) => {
  const { data } = await tenant.ok('v1.usage.history', {
    params: { customerId: params.id, featureId: FEATURE },
    query: { startDate: instantToWire(START), endDate: instantToWire(clock.now()) },
  })
  return data.series[0]?.points.at(-1)?.value
}

test('usage from before the end of an entitlement counts, even if reported later', () =>
  openEnded(async (tenant) => {
    const [one, two] = await report(tenant, item(3, before), item(4, before))
    assert.deepEqual([one?.currentUsage, two?.currentUsage], [3, 7], 'of the period that it was in')
    assert.equal(one?.usagePeriodStart, instantToWire(START))
    assert.equal(await historyOf(tenant), 7)
  }))

test('usage at or after the end of an entitlement is refused', () =>
  openEnded(async (tenant) => {
    const code = 'NoActiveSubscriptionForCustomer'
    await refuses(tenant, [item(1, before), item(1, after)], 404, code)
    await refuses(tenant, [item(1, before), item(1)], 404, code)
    assert.equal(await historyOf(tenant), 0, 'a request is all or nothing')
  }))

test('a SET from before the end sets the period of the past entitlement', () =>
  openEnded(async (tenant) => {
    await report(tenant, item(5, before), item(2, { ...before, updateBehavior: 'SET' }))
    assert.equal(await historyOf(tenant), 2)
  }))

test('events from before the end of an entitlement count, alone or with others', () =>
  openEnded(async (tenant) => {
    await tenant.ok('v1.features.createFeature', {
      body: { id: 'calls', displayName: 'C', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
    })
    await tenant.ok('v1.features.updateFeature', {
      params: { id: 'calls' },
      body: { meter: { aggregation: { function: 'COUNT' }, filters: [] } },
    })
    const event = (key: string, timestamp: string) => ({
      ...{ customerId: params.id, eventName: 'call', idempotencyKey: key, timestamp },
    })
    const events = [event('a', before.createdAt), event('b', after.createdAt)]
    await tenant.ok('v1.events.report', { body: { events } })
    const { data } = await tenant.ok('v1.usage.history', {
      params: { customerId: params.id, featureId: 'calls' },
      query: { startDate: instantToWire(START), endDate: instantToWire(clock.now()) },
    })
    assert.equal(data.series[0]?.points.at(-1)?.value, 2)
  }))

test('mode record accepts usage from before the end, and enforced consumption is denied', () =>
  openEnded(async (tenant) => {
    const timestamp = instantToWire(MIDNIGHT - MINUTE_MS)
    const use = async (idempotencyKey: string, more: object) => {
      const body = { featureId: FEATURE, amount: 3, idempotencyKey, ...more }
      return verdict((await tenant.ok('v1.customers.consume', { params, body })).data)
    }
    assert.equal(await use('then', { timestamp, mode: 'record' }), 'granted recorded')
    assert.equal(await use('now', { mode: 'record' }), 'NoActiveSubscription')
    clock.moveTo(MIDNIGHT + MINUTE_MS)
    assert.equal(await use('enforced', { timestamp }), 'NoActiveSubscription')
    clock.moveTo(MIDNIGHT + 10 * MINUTE_MS)
    assert.equal(await historyOf(tenant), 3)
  }))

test('usage between two entitlements counts for the current one, and is refused without one', () =>
  openEnded(async (tenant) => {
    const early = { createdAt: instantToWire(MIDNIGHT + MINUTE_MS) }
    await refuses(tenant, [item(1, before), item(1, early)], 404, 'NoActiveSubscriptionForCustomer')
    await granting(tenant, {})
    const answers = await report(tenant, item(1, before), item(1, early), item(1))
    assert.deepEqual(
      answers.map(({ currentUsage }) => currentUsage),
      [1, 2, 3],
    )
  }))

test('usage counts by the revision of the entitlement that was in force when it occurred', async () => {
  const { tenant } = await openAgency(world)
  try {
    clock.moveTo(START + MINUTE_MS)
    await tenant.ok('v1.customers.promotionalEntitlements.update', {
      params: { ...params, featureId: FEATURE },
      body: { usageLimit: 5 },
    })
    clock.moveTo(START + 2 * MINUTE_MS)
    await revoke(tenant)
    clock.moveTo(START + 3 * MINUTE_MS)
    const at = (ms: number) => ({ createdAt: instantToWire(START + ms) })
    const held = [0, MINUTE_MS - 1, MINUTE_MS, 2 * MINUTE_MS - 1].map((ms) => item(1, at(ms)))
    await report(tenant, ...held)
    for (const ms of [-1, 2 * MINUTE_MS])
      await refuses(
        tenant,
        [item(1, at(0)), item(1, at(ms))],
        404,
        'NoActiveSubscriptionForCustomer',
      )
    assert.deepEqual(await differencesOf(world, tenant), {})
  } finally {
    clock.moveTo(START)
  }
})
