import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import fc from 'fast-check'
import type { Row } from '../../../test/support/budgets.ts'
import { actionsIn, customersIn, rankAll } from '../../../test/support/ranking.ts'
import { NOW, openWorld, openWorldApart, type Tenant } from '../../../test/support/world.ts'
import { sql } from '../../db/index.ts'
import { runDueWork } from '../../jobs/due-work.ts'
import { required } from '../../kernel/assert.ts'
import { instantFromWire, instantToWire } from '../../kernel/clock.ts'
import { RANK_BUDGETS } from '../index.ts'
import { rankBudgets } from './index.ts'

const world = await openWorld()
const HOUR = 3_600_000
const DAY = 24 * HOUR

const page = (tenant: Tenant, query: Record<string, string> = {}) =>
  tenant.ok('v1.budgets.list', { query })

const listed = async (tenant: Tenant, query: Record<string, string> = {}) =>
  (await page(tenant, query)).data.map(({ customerId, entityId }) => `${customerId}/${entityId}`)

beforeEach(() => world.clock.moveTo(instantFromWire(NOW)))

/** Four customers: one/ann runs out first, two/bob is used up, three/ann does not run out. */
async function furnished(): Promise<Tenant> {
  const tenant = await world.tenant()
  const { customer, budget, use } = await customersIn(world, tenant)
  for (const id of ['two', 'three', 'four']) await customer(id)
  await budget('one', 'ann')
  await budget('one', 'bob', { usageLimit: 90 })
  await budget('two', 'bob', { usageLimit: 10 })
  await budget('three', 'ann', { usageLimit: 1000 })
  await budget('four', 'ann', { usageLimit: null })
  world.clock.moveTo(world.clock.now() + 40 * HOUR)
  await use('one', 'ann', 60)
  await use('one', 'bob', 30)
  await use('two', 'bob', 12)
  await use('three', 'ann', 10)
  await use('four', 'ann', 10)
  await rankAll(world.bursar.app, tenant.scope)
  return tenant
}

test('budgets of all customers are listed by when they run out, and by utilization', async () => {
  const tenant = await furnished()
  const { data, rankedAt, asOf } = await page(tenant)
  assert.deepEqual(
    data.map(({ customerId, customerName, entityTypeId, currentUsage }) => [
      ...[customerId, customerName, entityTypeId, currentUsage],
    ]),
    [
      ['two', 'Customer two', 'user', 12],
      ['one', null, 'user', 60],
      ['one', null, 'user', 30],
    ],
  )
  assert.equal(data[1]?.exhaustsAt, instantToWire(world.clock.now() + (40 * HOUR * 40) / 60))
  const now = instantToWire(world.clock.now())
  assert.deepEqual([rankedAt, asOf], [now, now])
  assert.deepEqual(await listed(tenant, { sortBy: 'utilization' }), [
    ...['two/bob', 'one/ann', 'one/bob', 'three/ann'],
  ])
})

test('filters choose budgets in both orders', async () => {
  const tenant = await furnished()
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'calls', displayName: 'C', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
  })
  const cases: [Record<string, string>, string[]][] = [
    [{ customerId: 'one' }, ['one/ann', 'one/bob']],
    [{ featureIds: 'tokens', entityTypeIds: 'user', customerId: 'two' }, ['two/bob']],
    [{ featureIds: 'calls' }, []],
    [{ entityTypeIds: 'team' }, []],
    [{ minUtilization: '0.6' }, ['two/bob', 'one/ann']],
    // One runs out after 26 hours and 40 minutes, the other one after 80 hours.
    [{ exhaustsWithinDays: '1' }, ['two/bob']],
    [{ exhaustsWithinDays: '2' }, ['two/bob', 'one/ann']],
    [{ exhaustsWithinDays: '7' }, ['two/bob', 'one/ann', 'one/bob']],
  ]
  for (const sortBy of ['exhaustsAt', 'utilization'])
    for (const [query, expected] of cases)
      assert.deepEqual(await listed(tenant, { ...query, sortBy }), expected, JSON.stringify(query))
})

test('pages of any size make up the list', async () => {
  const tenant = await furnished()
  for (const sortBy of ['exhaustsAt', 'utilization'])
    for (const limit of ['1', '2', '3']) {
      const found: string[] = []
      let after: string | null = null
      do {
        const query: Record<string, string> = { sortBy, limit, ...(after && { after }) }
        const { data, pagination } = await page(tenant, query)
        found.push(...data.map(({ customerId, entityId }) => `${customerId}/${entityId}`))
        after = pagination.next
      } while (after !== null)
      assert.deepEqual(found, await listed(tenant, { sortBy }))
    }
})

test('numbers are current, and what no longer belongs into the list is not shown', async () => {
  const tenant = await furnished()
  const { app } = world.bursar
  const budgetOf = (id: string, entityId: string, more: Row) =>
    tenant.ok('v1Beta.customers.assignments.upsert', {
      params: { id },
      body: { assignments: [{ entityId, featureId: 'tokens', ...more }] },
    })
  await budgetOf('two', 'bob', { usageLimit: 24 })
  const { data } = await page(tenant)
  assert.deepEqual(
    [data[0]?.customerId, data[0]?.remaining, data[0]?.utilization],
    ['two', 12, 0.5],
  )
  await budgetOf('two', 'bob', { usageLimit: null })
  await tenant.ok('v1Beta.customers.entities.archive', {
    params: { id: 'one' },
    body: { ids: ['bob'] },
  })
  const left = ['one/ann', 'three/ann']
  assert.deepEqual(await listed(tenant, { sortBy: 'utilization' }), left)
  await tenant.ok('v1.customers.archive', { params: { id: 'three' } })
  assert.deepEqual(await listed(tenant, { sortBy: 'utilization' }), ['one/ann'])
  const countRanks = async () =>
    (
      await app.db.withClient((client) =>
        client.query('select from budget_ranks where environment_key = $1', [
          tenant.scope.environmentKey,
        ]),
      )
    ).rowCount
  assert.equal(await countRanks(), 4)
  await rankAll(app, tenant.scope)
  assert.equal(await countRanks(), 1)
  await tenant.ok('v1.customers.unarchive', { params: { id: 'three' } })
  await rankAll(app, tenant.scope)
  assert.deepEqual(await listed(tenant, { sortBy: 'utilization' }), left)
})

test('the rank of a window that has ended is not shown, and is deleted', async () => {
  const tenant = await furnished()
  const { app } = world.bursar
  world.clock.moveTo(instantFromWire('2026-06-01T00:00:00Z'))
  for (const sortBy of ['exhaustsAt', 'utilization'])
    assert.deepEqual(await listed(tenant, { sortBy }), [])
  await rankAll(app, tenant.scope)
  const { rows } = await app.db.withClient((client) =>
    client.query('select from budget_ranks where environment_key = $1', [
      tenant.scope.environmentKey,
    ]),
  )
  assert.equal(rows.length, 0)
})

test('without usage a budget runs out later, and the order follows within an hour', async () => {
  const tenant = await furnished()
  const { app } = world.bursar
  const { use } = actionsIn(world, tenant)
  // 30 of 90 after 40 hours; 60 of 100 after 40 hours, and nothing for 100 hours.
  world.clock.moveTo(world.clock.now() + 100 * HOUR)
  await use('one', 'bob', 58)
  await rankAll(app, tenant.scope)
  assert.deepEqual(await listed(tenant), ['two/bob', 'one/bob', 'one/ann'])
  const before = required((await page(tenant)).data[2]?.exhaustsAt, 'an end')
  const later = async () =>
    (
      await app.db.withClient((client) =>
        client.query('select from budget_ranks where environment_key = $1 and exhausts_at > $2', [
          tenant.scope.environmentKey,
          before,
        ]),
      )
    ).rowCount
  world.clock.moveTo(world.clock.now() + HOUR - 1)
  await rankAll(app, tenant.scope)
  assert.equal(await later(), 0)
  world.clock.moveTo(world.clock.now() + 1)
  await rankAll(app, tenant.scope)
  assert.equal(await later(), 1)
})

test('after a pass the order agrees with the numbers, whatever has happened', async () => {
  const tenant = await world.tenant()
  const { customer, budget, use } = await customersIn(world, tenant)
  await customer('two')
  const change = fc.record({
    id: fc.constantFrom('one', 'two'),
    user: fc.constantFrom('ann', 'bob'),
    usageLimit: fc.constantFrom(null, 0, 10, 50, 100),
    cadence: fc.constantFrom('P1D', 'P1M'),
    amount: fc.integer({ min: 0, max: 40 }),
    laterMs: fc.integer({ min: 0, max: 2 * DAY }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
      for (const { id, user, amount, laterMs, ...terms } of changes) {
        await budget(id, user, terms)
        await use(id, user, amount)
        world.clock.moveTo(world.clock.now() + laterMs)
      }
      await rankAll(world.bursar.app, tenant.scope)
      const shown = (await page(tenant, { sortBy: 'utilization' })).data
      const utilizations = shown.map(({ utilization }) => utilization ?? 0)
      assert.deepEqual(
        utilizations,
        utilizations.toSorted((a, b) => b - a),
      )
      const ends = (await page(tenant)).data.map(({ exhaustsAt }) => exhaustsAt)
      // Predictions are up to an hour old, so only what is used up must come first.
      const now = instantToWire(world.clock.now())
      assert.equal(ends.lastIndexOf(now), ends.filter((end) => end === now).length - 1)
      const runningOut = shown.filter(({ exhaustsAt }) => exhaustsAt !== null)
      assert.equal(ends.length, runningOut.length)
    }),
    { numRuns: 15 },
  )
})

/** A world apart whose server does no work by itself, with a budget of `ann`. */
async function openUnranked() {
  const apart = await openWorldApart()
  await apart.bursar.jobs.stop()
  const { app } = apart.bursar
  const tenant = await apart.tenant()
  const { budget, use } = await customersIn(apart, tenant)
  await budget('one', 'ann')
  return { apart, app, tenant, use }
}

test('a customer of many budgets is ranked in steps, with what changes meanwhile', async () => {
  const { app, tenant, use } = await openUnranked()
  await use('one', 'ann', 10)
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`
      insert into assignments (customer_key, assignment_key, environment_key, entity_key,
        capability_kind, capability_key, scope_keys, usage_limit, cadence, revision, created_at,
        updated_at)
      select customer_key, gen_random_uuid(), environment_key, entity_key, capability_kind,
        capability_key, array[gen_random_uuid()], 9, 'P1M', 1, created_at, created_at
      from assignments, generate_series(1, 4500)`)
    await tx.execute(sql`
      insert into budget_counters (customer_key, assignment_key, revision, window_start,
        environment_key, usage)
      select a.customer_key, a.assignment_key, 1, c.window_start, a.environment_key, 1
      from assignments a, budget_counters c where a.scope_keys <> '{}'`)
  })
  const step = () =>
    app.db.transaction((tx) => rankBudgets(tx, workOf(tenant), app.clock.now(), app))
  const countRanks = async () =>
    (await app.db.withClient((client) => client.query('select from budget_ranks'))).rowCount
  await step()
  assert.equal(await countRanks(), 2000)
  // Usage in the middle of the walk is in its next round at the latest.
  await use('one', 'ann', 80)
  await step()
  await step()
  assert.equal(await countRanks(), 4501)
  await rankAll(app, tenant.scope)
  const { data } = await page(tenant, { sortBy: 'utilization', limit: '1' })
  assert.deepEqual([data[0]?.entityId, data[0]?.currentUsage], ['ann', 90])
})

const workOf = ({ scope }: Tenant) => ({
  ...{ scope, workKey: 'none', customerKey: scope.environmentKey, kind: RANK_BUDGETS },
  ...{ subject: '', dueAt: 0, attempts: 0 },
})

test('two servers run one ranking at a time, and it goes on by itself', async () => {
  const { apart, app, tenant, use } = await openUnranked()
  let running = 0
  let most = 0
  const handlers = {
    [RANK_BUDGETS]: async (...of: Parameters<typeof rankBudgets>) => {
      running += 1
      most = Math.max(most, running)
      const next = await rankBudgets(...of)
      running -= 1
      return next
    },
  }
  const ranked = async () => {
    await Promise.all([runDueWork(app, handlers), runDueWork(app, handlers)])
    return listed(tenant, { sortBy: 'utilization' })
  }
  assert.deepEqual(await ranked(), [])
  await use('one', 'ann', 10)
  apart.clock.moveTo(apart.clock.now() + 9_999)
  assert.deepEqual(await ranked(), [])
  apart.clock.moveTo(apart.clock.now() + 1)
  assert.deepEqual(await ranked(), ['one/ann'])
  assert.equal(most, 1)
})

test('environments see only their own budgets', async () => {
  const [one, other] = [await furnished(), await world.tenant()]
  assert.deepEqual(await listed(other), [])
  await other.refused(
    'v1.budgets.list',
    { query: { customerId: 'one' } },
    { status: 404, code: 'CustomerNotFound', message: /one/ },
  )
  await customersIn(world, other)
  await rankAll(world.bursar.app, other.scope)
  assert.deepEqual(await listed(other, { customerId: 'one' }), [])
  assert.equal((await listed(one, { customerId: 'one' })).length, 2)
})

test('an unknown feature and a cursor of another list are refused', async () => {
  const tenant = await furnished()
  const refused = (query: Record<string, string>, message: RegExp) =>
    tenant.refused('v1.budgets.list', { query }, { status: 400, code: 'BadUserInput', message })
  await refused({ featureIds: 'nothing' }, /feature nothing not found/)
  await refused({ currencyIds: 'nothing' }, /currency nothing not found/)
  await refused({ after: 'nonsense' }, /after is not a valid cursor/)
  const { pagination } = await page(tenant, { limit: '1' })
  const after = required(pagination.next, 'a cursor')
  await refused({ after, sortBy: 'utilization' }, /cursor of another query/)
  const [version, digest, key] = Buffer.from(after, 'base64url').toString().split('.')
  for (const value of ['', '-99999999999999', '99999999999999999', '1.5']) {
    const forged = Buffer.from([version, digest, key, value].join('.')).toString('base64url')
    await refused({ after: forged }, /after is not a valid cursor/)
  }
})
