import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { params, row } from '../../../test/support/budgets.ts'
import { grantItem, grantTo } from '../../../test/support/grants.ts'
import { officeIn } from '../../../test/support/office.ts'
import { firstOf, treesIn } from '../../../test/support/trees.ts'
import { openWorld } from '../../../test/support/world.ts'
import { sql } from '../../db/index.ts'

const world = await openWorld()
const offices = officeIn(world)
const { current, upsert, archive, use } = offices
const { tree, office } = treesIn(offices)

test('orders by usage agree with the numbers that the rows show', async () => {
  await office()
  const { tenant } = current()
  await tenant.ok('v1.features.createFeature', {
    body: {
      id: 'thousands',
      displayName: 'Thousands',
      featureType: 'NUMBER',
      meterType: 'INCREMENTAL',
      unitTransformation: { divide: 1000, round: 'UP' },
    },
  })
  await tenant.ok('v1.features.createFeature', {
    body: {
      id: 'seats',
      displayName: 'Seats',
      featureType: 'NUMBER',
      meterType: 'FLUCTUATING',
    },
  })
  const granted = { hasUnlimitedUsage: true, resetPeriod: 'MONTH' } as const
  await grantTo(tenant, [
    grantItem('thousands', granted),
    grantItem('seats', { hasUnlimitedUsage: true }),
  ])
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('thousands', 'seats'),
      fc.array(
        fc.record({
          entityId: fc.constantFrom('acme', 'eng', 'ops', 'ann', 'bob', 'b_x', 'gpt'),
          usageLimit: fc.constantFrom(null, 0, 1, 2, 5),
          cadence: fc.constantFrom('PT1H', 'P1D', 'P1M'),
        }),
        { minLength: 1, maxLength: 7 },
      ),
      fc.array(fc.tuple(fc.constantFrom('ann', 'bob', 'b_x'), fc.integer({ min: 0, max: 3000 }))),
      fc.integer({ min: 1, max: 90 * 60_000 }),
      async (featureId, budgets, reports, laterMs) => {
        const own = new Map(budgets.map((each) => [each.entityId, each]))
        await upsert(...[...own.values()].map((each) => ({ ...each, featureId })))
        world.clock.moveTo(world.clock.now() + laterMs)
        for (const [user, value] of reports)
          await tenant.ok('v1.usage.report', {
            body: {
              usages: [{ customerId: 'acme', featureId, value, dimensions: { userId: user } }],
            },
          })
        world.clock.moveTo(world.clock.now() + laterMs)
        for (const sortBy of ['currentUsage', 'utilization', 'exhaustsAt'] as const) {
          const { rows } = await tree({ flat: 'true', featureIds: featureId, sortBy })
          const values = rows.map(({ capabilities }) => {
            const value = capabilities[0]?.budgets[0]?.[sortBy]
            const number = typeof value === 'string' ? Date.parse(value) : (value ?? null)
            return number === null ? Number.POSITIVE_INFINITY : number * SIGN[sortBy]
          })
          assert.deepEqual(
            values,
            values.toSorted((one, other) => (one === other ? 0 : one - other)),
            sortBy,
          )
        }
      },
    ),
    { numRuns: 12 },
  )
})

/** Makes the first value the least. */
const SIGN = { currentUsage: -1, utilization: -1, exhaustsAt: 1 }

test('a long list keeps its order for a while, and its rows show current numbers', async () => {
  await office({ bob: 100 })
  const { customerKey } = current()
  await world.bursar.app.db.transaction((tx) =>
    tx.execute(sql`
      insert into entities (customer_key, entity_key, environment_key, id, entity_type_key,
        metadata, created_at, updated_at, parent_key, placed_at)
      select customer_key, gen_random_uuid(), environment_key, 'z-' || n, entity_type_key, '{}',
        created_at, created_at, parent_key, created_at
      from generate_series(1, 2000) n, entities
      where customer_key = ${customerKey}::uuid and id = 'bob'`),
  )
  const query = { parentId: 'eng', featureIds: 'tokens', sortBy: 'currentUsage', limit: '2' }
  const before = await tree(query)
  assert.deepEqual([before.total, before.rows[0]?.entityId], [2002, 'bob'])
  await use('userId=ann', 3)
  const kept = await tree(query)
  assert.deepEqual(
    kept.rows.map(({ entityId }) => entityId),
    ['bob', 'ann'],
  )
  assert.equal(kept.rows[1]?.capabilities[0]?.budgets[0]?.currentUsage, 3)
  assert.equal(kept.orderedAt, before.orderedAt)
  world.clock.moveTo(world.clock.now() + 2000)
  const anew = await tree(query)
  assert.deepEqual(
    anew.rows.map(({ entityId }) => entityId),
    ['ann', 'bob'],
  )
  assert.notEqual(anew.orderedAt, before.orderedAt)
  // A change of the structure ends it at once.
  await archive('bob')
  assert.equal((await tree(query)).total, 2001)
})

test('a row does not show all budgets with long scopes', async () => {
  await office()
  const ids = Array.from({ length: 40 }, (_, index) => `${index}-${'x'.repeat(250)}`)
  const { tenant } = current()
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params,
    body: { entities: ids.map((id) => ({ id, entityTypeId: 'model' })) },
  })
  const scopeEntityIds = ids
  await upsert(...['acme', 'eng', 'ann', 'bob'].map((id) => row(id, { scopeEntityIds })))
  await upsert(
    ...['acme', 'eng', 'ann', 'bob'].map((id) => row(id, { scopeEntityIds: ids.slice(1) })),
  )
  const { rows } = await tree({ flat: 'true', featureIds: 'tokens', search: 'ann' })
  const shown = firstOf({ rows }).capabilities[0]
  // Two of these scopes exceed 20 kB.
  assert.deepEqual([shown?.budgetCount, shown?.budgets.length], [3, 2])
})
