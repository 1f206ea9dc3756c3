import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { shownChains, verdict } from '../../test/support/decisions.ts'
import { grantItem, grantTo } from '../../test/support/grants.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'

const world = await openWorld()

const ways = [
  ['consume', 'v1.customers.consume'],
  ['reserve', 'v1.customers.reservations.create'],
] as const

/** Repeats a request with the same key. */
const askingBy = (tenant: Tenant, operation: (typeof ways)[number][1], more: object = {}) => {
  const body = { featureId: FEATURE, amount: 1, idempotencyKey: 'mine', dimensions: ANN, ...more }
  return async (id: string = params.id) => {
    const answer = await tenant.call(operation, { params: { id }, body })
    assert.ok(answer.success !== null, answer.text)
    const { data } = answer.success
    assert.equal(data.replayed, answer.headers['idempotency-replayed'] === 'true')
    return { data, said: `${verdict(data)}${data.replayed ? ' replayed' : ''}` }
  }
}

type Want = { mend: () => Promise<unknown>; id?: string; featureId?: string }

/** What is missing, and what provides it. */
const WANTS: Readonly<Record<string, (tenant: Tenant) => Promise<Want>>> = {
  NoActiveSubscription: async (tenant) => {
    await revoke(tenant)
    return { mend: () => grantAgain(tenant) }
  },
  CustomerIsArchived: async (tenant) => {
    await tenant.ok('v1.customers.archive', { params })
    return { mend: () => tenant.ok('v1.customers.unarchive', { params }) }
  },
  CustomerNotFound: async (tenant) => {
    const mend = async () => {
      await tenant.ok('v1.customers.provision', { body: { id: 'late' } })
      await grantAgain(tenant, { id: 'late' })
    }
    return { mend, id: 'late' }
  },
  FeatureNotFound: async (tenant) => {
    const mend = async () => {
      await tenant.ok('v1.features.createFeature', {
        body: { id: 'late', displayName: 'L', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
      })
      await grantAgain(tenant, { featureId: 'late' })
    }
    return { mend, featureId: 'late' }
  },
}

const revoke = (tenant: Tenant) =>
  tenant.ok('v1.customers.promotionalEntitlements.revoke', {
    params: { ...params, featureId: FEATURE },
  })
const grantAgain = (tenant: Tenant, { id = params.id, featureId = FEATURE } = {}) =>
  tenant.ok('v1.customers.promotionalEntitlements.create', {
    params: { id },
    body: { promotionalEntitlements: [grantItem(featureId, { usageLimit: 10 })] },
  })

for (const [way, operation] of ways) {
  for (const [reason, prepare] of Object.entries(WANTS))
    test(`${way}: after a denial with ${reason}, the same key is decided again`, async () => {
      const { tenant } = await openAgency(world)
      const { mend, id, featureId = FEATURE } = await prepare(tenant)
      const ask = askingBy(tenant, operation, { featureId })
      assert.equal((await ask(id)).said, reason)
      assert.equal((await ask(id)).said, reason)
      await mend()
      const granted = way === 'consume' ? 'granted recorded' : 'granted'
      assert.equal((await ask(id)).said, granted)
      assert.equal((await ask(id)).said, `${granted} replayed`)
    })

  test(`${way}: a denial by a budget is repeated, and shows no contradicting budget`, async () => {
    const { tenant, budget } = await openAgency(world, { limits: { 'ann P1D': 0.5 } })
    const ask = askingBy(tenant, operation)
    const first = await ask()
    assert.equal(first.said, 'BudgetExceeded')
    assert.deepEqual(shownChains(first.data), [['ann 0/0.5!', 'team 0/∞']])
    await budget({ 'ann P1D': 100 })
    const again = await ask()
    assert.equal(again.said, 'BudgetExceeded replayed')
    assert.equal(again.data.chains, undefined)
  })

  test(`${way}: a denial by the limit is repeated, whatever the limit is now`, async () => {
    const { tenant } = await openAgency(world, { usageLimit: 0 })
    const ask = askingBy(tenant, operation)
    assert.equal((await ask()).said, 'RequestedUsageExceedingLimit')
    await revoke(tenant)
    await grantTo(tenant, [grantItem(FEATURE, { usageLimit: 100 })])
    const again = await ask()
    assert.equal(again.said, 'RequestedUsageExceedingLimit replayed')
    assert.ok(again.data.type === 'FEATURE')
    assert.equal(again.data.usageLimit, 100, 'as of now')
  })

  test(`${way}: a granted request is repeated with the current usage and without chains`, async () => {
    const { tenant, consume } = await openAgency(world)
    const ask = askingBy(tenant, operation)
    const granted = way === 'consume' ? 'granted recorded' : 'granted'
    assert.equal((await ask()).said, granted)
    await consume(20, ANN)
    const again = await ask()
    assert.equal(again.said, `${granted} replayed`)
    assert.ok(again.data.type === 'FEATURE')
    assert.equal(again.data.currentUsage, way === 'consume' ? 21 : 20)
    assert.equal(again.data.chains, undefined)
  })
}

test('a repeated commit is marked as replayed', async () => {
  const { tenant, held } = await openAgency(world)
  const { id } = await held(2, ANN)
  const commit = () =>
    tenant.call('v1.customers.reservations.commit', {
      params: { ...params, reservationId: id },
      body: {},
    })
  const first = await commit()
  const again = await commit()
  assert.equal(first.headers['idempotency-replayed'], undefined)
  assert.equal(again.headers['idempotency-replayed'], 'true')
  assert.deepEqual(again.success?.data.reservation, first.success?.data.reservation)
})

test('a denial without an entitlement stores no key', async () => {
  const { tenant } = await openAgency(world)
  await revoke(tenant)
  const ask = askingBy(tenant, 'v1.customers.consume', { mode: 'record' })
  assert.equal((await ask()).said, 'NoActiveSubscription')
  const other = { featureId: FEATURE, amount: 5, idempotencyKey: 'mine' }
  await grantAgain(tenant)
  const { data } = await tenant.ok('v1.customers.consume', { params, body: other })
  assert.equal(verdict(data), 'granted recorded')
})
