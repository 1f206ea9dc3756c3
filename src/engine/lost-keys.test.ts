import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import type { Request } from '../../test/support/contract-client.ts'
import { grantItem, grantTo } from '../../test/support/grants.ts'
import { differencesOf } from '../../test/support/verified.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import type { OperationId } from '../api.gen.ts'
import { findCustomerKey } from '../customers/index.ts'
import { sql } from '../db/index.ts'
import { required } from '../kernel/assert.ts'

const world = await openWorld()
const { app } = world.bursar

/** All tables with rows of a customer, in an order in which they can be deleted. */
const TABLES = [
  'fired_thresholds',
  'budget_counters',
  'past_cadences',
  'assignments',
  'reservations',
  'unattributed_usage',
  'usage_marks',
  'usage_totals',
  'usage_keys',
  'usage_events',
  'customer_heads',
  'customer_resources',
  'promotional_entitlements',
  'entities',
  'customers',
  'directory',
]

const keyOf = async ({ scope }: Tenant) =>
  required(await findCustomerKey(app.db.read, scope, params.id), 'the customer')

/** Loses the customer as a fail-over does. Servers are not notified. */
async function lose(tenant: Tenant): Promise<void> {
  const key = await keyOf(tenant)
  await app.db.transaction(async (tx) => {
    for (const table of TABLES)
      await tx.execute({
        text: [`delete from ${table} where customer_key = `, '::uuid'],
        values: [key],
      })
  })
}

async function makeAgain(tenant: Tenant): Promise<void> {
  await tenant.ok('v1.customers.provision', { body: params })
  const entities = [{ id: 'ann', entityTypeId: 'user' }]
  await tenant.ok('v1Beta.customers.entities.upsert', { params, body: { entities } })
  await grantTo(tenant, [grantItem(FEATURE, { hasUnlimitedUsage: true })])
}

let keys = 0
const use = (amount: number) => {
  keys += 1
  return {
    params,
    body: { featureId: FEATURE, amount, idempotencyKey: `k${keys}`, dimensions: ANN },
  }
}
const usage = (more: object = {}) => ({
  body: {
    usages: [
      { customerId: params.id, featureId: FEATURE, value: 1, dimensions: { ...ANN }, ...more },
    ],
  },
})
const event = () => ({
  body: { events: [{ customerId: params.id, eventName: 'call', idempotencyKey: 'e' }] },
})
const check = { params, query: { featureId: FEATURE, 'dimensions[userId]': 'ann' } }

const UNKNOWN = { status: 404, code: 'CustomerNotFound' } as const

/** The operations that use a cached key of a customer. */
const WAYS: Readonly<
  Record<
    string,
    { id: OperationId; request: (reservationId: string) => Request; isDenied: boolean }
  >
> = {
  report: { id: 'v1.usage.report', request: () => usage(), isDenied: false },
  'sending events': { id: 'v1.events.report', request: event, isDenied: false },
  consume: { id: 'v1.customers.consume', request: () => use(1), isDenied: true },
  reserve: { id: 'v1.customers.reservations.create', request: () => use(1), isDenied: true },
  settle: {
    id: 'v1.customers.reservations.commit',
    request: (reservationId) => ({ params: { ...params, reservationId }, body: {} }),
    isDenied: false,
  },
  check: { id: 'v1.customers.checkEntitlement', request: () => check, isDenied: true },
}

const reasonOf = (body: object) =>
  (body as { data: { accessDeniedReason: string | null } }).data.accessDeniedReason

for (const [name, { id, request, isDenied }] of Object.entries(WAYS))
  test(`${name}: a lost customer is unknown, and is known after it is created again`, async () => {
    const { tenant, held, consume, report } = await openAgency(world)
    const reservation = await held(1, ANN)
    await Promise.all([consume(1, ANN), report(1, ANN)])
    await tenant.ok('v1.customers.checkEntitlement', check)
    await lose(tenant)
    if (isDenied)
      assert.equal(reasonOf(await tenant.ok(id, request(reservation.id))), 'CustomerNotFound')
    else await tenant.refused(id, request(reservation.id), UNKNOWN)
    await makeAgain(tenant)
    await Promise.all([consume(1, ANN), report(1, ANN)])
    const { data } = await tenant.ok('v1.customers.checkEntitlement', check)
    assert.ok(data.type === 'FEATURE')
    assert.deepEqual([data.isGranted, data.currentUsage], [true, 2])
    assert.deepEqual(await differencesOf(world, tenant), {})
  })

for (const [name, { id, request, isDenied }] of Object.entries(WAYS))
  test(`${name}: a customer that was lost and created again is found at once`, async () => {
    const { tenant, held, consume, report } = await openAgency(world)
    const reservation = await held(1, ANN)
    await Promise.all([consume(1, ANN), report(1, ANN)])
    await tenant.ok('v1.customers.checkEntitlement', check)
    await lose(tenant)
    await makeAgain(tenant)
    if (name === 'settle')
      await tenant.refused(id, request(reservation.id), { status: 404, code: null })
    else {
      const body = await tenant.ok(id, request(reservation.id))
      if (isDenied) assert.equal(reasonOf(body), null)
    }
    assert.deepEqual(await differencesOf(world, tenant), {})
  })

test('a lost customer does not affect other customers whose usage is counted at the same time', async () => {
  const { tenant, report } = await openAgency(world)
  await tenant.ok('v1.customers.provision', { body: { id: 'globex' } })
  await tenant.ok('v1.customers.promotionalEntitlements.create', {
    params: { id: 'globex' },
    body: { promotionalEntitlements: [grantItem(FEATURE, { hasUnlimitedUsage: true })] },
  })
  await report(1, ANN)
  const globex = () => tenant.ok('v1.usage.report', usage({ customerId: 'globex' }))
  await globex()
  await lose(tenant)
  const answers = await Promise.allSettled(
    Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? globex() : report(1, ANN))),
  )
  assert.deepEqual(
    answers.map(({ status }) => status),
    answers.map((_, index) => (index % 2 === 0 ? 'fulfilled' : 'rejected')),
  )
  const { data } = await tenant.ok('v1.customers.checkEntitlement', {
    params: { id: 'globex' },
    query: { featureId: FEATURE },
  })
  assert.ok(data.type === 'FEATURE')
  assert.equal(data.currentUsage, 21)
})

test('usage of a resource that was lost and created again counts for the new resource', async () => {
  const { tenant, report } = await openAgency(world)
  const customerKey = await keyOf(tenant)
  const addResource = () =>
    app.db.transaction((tx) =>
      tx.execute(sql`
        insert into customer_resources (customer_key, resource_key, environment_key, id,
          created_at, updated_at)
        select customer_key, gen_random_uuid(), environment_key, 'site', created_at, updated_at
        from customers where customer_key = ${customerKey}::uuid`),
    )
  const site = { resourceId: 'site' }
  await addResource()
  await report(1, ANN, site)
  await app.db.transaction((tx) =>
    tx.execute(sql`delete from customer_resources where customer_key = ${customerKey}::uuid`),
  )
  const gone = { status: 404, code: 'CustomerResourceNotFound' } as const
  await tenant.refused('v1.usage.report', usage(site), gone)
  await addResource()
  await report(1, ANN, site)
  const { data } = await tenant.ok('v1.customers.checkEntitlement', {
    params,
    query: { featureId: FEATURE, ...site },
  })
  assert.ok(data.type === 'FEATURE')
  assert.equal(data.currentUsage, 1)
})
