import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findAssignments, listAssignments } from '../../src/budgets/budget-store.ts'
import { listKeys } from '../../src/budgets/entity-tree/list-store.ts'
import {
  findAncestorBudgets,
  findOwnBudgets,
  findTreeEntities,
} from '../../src/budgets/entity-tree/row-store.ts'
import { listRanks } from '../../src/budgets/ranking/list-store.ts'
import { findChanged, listCandidates } from '../../src/budgets/ranking/pass-store.ts'
import { resolve } from '../../src/budgets/resolve-store.ts'
import { findCounted } from '../../src/budgets/standings/index.ts'
import { listTreeBudgets, listTreeEntities } from '../../src/budgets/tree-store.ts'
import { findFeatures } from '../../src/catalog/features/index.ts'
import { findCustomerKey } from '../../src/customers/index.ts'
import { type Reader, sql } from '../../src/db/index.ts'
import { findDescendants, findPositions } from '../../src/entities/hierarchy-store.ts'
import { required } from '../../src/kernel/assert.ts'
import { instantToWire } from '../../src/kernel/clock.ts'
import type { Uuid } from '../../src/kernel/ids.ts'
import { makeUsers } from '../support/budgets.ts'
import { FOR_VALUES, leaveUnanalysed, readsAtMost as reads } from '../support/plans.ts'
import { openWorldApart, type Tenant } from '../support/world.ts'

/** The number of users of the large customer. Its root has a budget, and one for each user. */
const USERS = 20_000
/** The number of small customers. A planner that uses averages takes every customer for small. */
const SMALL = 20_000
const world = await openWorldApart()
const { app } = world.bursar
const now = app.clock.now()

type Large = { tenant: Tenant; customerKey: Uuid; featureKey: Uuid; rootKey: Uuid; leafKey: Uuid }

async function large(): Promise<Large> {
  const tenant = await world.tenant()
  const params = { id: 'large' }
  await makeUsers(tenant, params.id, ['root', 'leaf'])
  const row = { featureId: 'tokens', usageLimit: 9, cadence: 'P1M' }
  await tenant.ok('v1Beta.customers.assignments.upsert', {
    params,
    body: {
      assignments: [
        { ...row, entityId: 'root' },
        { ...row, entityId: 'leaf', parentId: 'root' },
      ],
    },
  })
  const customerKey = required(await findCustomerKey(app.db.read, tenant.scope, 'large'), 'large')
  const [feature] = await findFeatures(app.db.read, tenant.scope, ['tokens'])
  const featureKey = required(feature, 'the feature').key
  const places = await findPositions(app.db.read, customerKey, ['leaf'])
  const keyOf = (id: string) =>
    required(
      places.find((place) => place.id === id),
      id,
    ).key
  await fill(customerKey, keyOf('root'))
  await surround(customerKey, keyOf('root'))
  return { tenant, customerKey, featureKey, rootKey: keyOf('root'), leafKey: keyOf('leaf') }
}

async function fill(customerKey: Uuid, rootKey: Uuid): Promise<void> {
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`
      insert into entities (customer_key, entity_key, environment_key, id, entity_type_key,
        metadata, created_at, updated_at, parent_key, placed_at)
      select customer_key, gen_random_uuid(), environment_key, 'user-' || n, entity_type_key, '{}',
        created_at, created_at, entity_key, created_at
      from generate_series(1, ${USERS}::integer) n, entities
      where customer_key = ${customerKey}::uuid and entity_key = ${rootKey}::uuid`)
    await tx.execute(sql`
      insert into assignments (customer_key, assignment_key, environment_key, entity_key,
        capability_kind, capability_key, scope_keys, usage_limit, cadence, revision, created_at,
        updated_at)
      select e.customer_key, gen_random_uuid(), e.environment_key, a.entity_key,
        a.capability_kind, a.capability_key, array[e.entity_key], 9, 'P1M', 1, e.created_at,
        e.created_at
      from assignments a join entities e using (customer_key)
      where a.customer_key = ${customerKey}::uuid and a.entity_key = ${rootKey}::uuid
        and e.id like 'user-%'`)
    await tx.execute(sql`
      insert into budget_counters (customer_key, assignment_key, revision, window_start,
        environment_key, usage)
      select customer_key, assignment_key, 1, ${instantToWire(now)}::timestamptz,
        environment_key, 1
      from assignments where customer_key = ${customerKey}::uuid`)
  })
}

/**
 * Creates customers with one entity and one budget. Half of the budgets are for the same feature.
 */
async function surround(customerKey: Uuid, rootKey: Uuid): Promise<void> {
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`
      insert into customers (customer_key, environment_key, id, metadata, created_at, updated_at)
      select gen_random_uuid(), environment_key, 'small-' || n, metadata, created_at, updated_at
      from generate_series(1, ${SMALL}::integer) n, customers
      where customer_key = ${customerKey}::uuid`)
    await tx.execute(sql`
      insert into entities (customer_key, entity_key, environment_key, id, entity_type_key,
        metadata, created_at, updated_at, placed_at)
      select c.customer_key, gen_random_uuid(), e.environment_key, 'only', e.entity_type_key, '{}',
        e.created_at, e.created_at, e.created_at
      from customers c, entities e
      where c.environment_key = e.environment_key and c.id like 'small-%'
        and e.customer_key = ${customerKey}::uuid and e.entity_key = ${rootKey}::uuid`)
    await tx.execute(sql`
      insert into assignments (customer_key, assignment_key, environment_key, entity_key,
        capability_kind, capability_key, scope_keys, usage_limit, cadence, revision, created_at,
        updated_at)
      select e.customer_key, gen_random_uuid(), e.environment_key, e.entity_key,
        a.capability_kind,
        case when right(c.id, 1) < '5' then a.capability_key else gen_random_uuid() end,
        '{}', 9, 'P1M', 1, a.created_at, a.created_at
      from assignments a join entities e using (environment_key)
        join customers c on c.customer_key = e.customer_key
      where a.customer_key = ${customerKey}::uuid and a.entity_key = ${rootKey}::uuid
        and a.scope_keys = '{}' and e.id = 'only'`)
  })
}

/** Ranks every budget, and gives every customer a version. */
const rank = (): Promise<number> =>
  app.db.transaction(async (tx) => {
    await tx.execute(sql`
      insert into customer_heads (customer_key, environment_key)
      select customer_key, environment_key from customers on conflict do nothing`)
    return tx.execute(sql`
      insert into budget_ranks (customer_key, assignment_key, environment_key, capability_key,
        entity_type_key, window_end, utilization, exhausts_at)
      select customer_key, assignment_key, environment_key, capability_key, gen_random_uuid(),
        ${instantToWire(now)}::timestamptz + interval '1 day', row_number() over (),
        ${instantToWire(now)}::timestamptz + row_number() over () * interval '1 millisecond'
      from assignments`)
  })

await leaveUnanalysed(app)
const made = await large()
const { tenant, customerKey, featureKey, rootKey, leafKey } = made
await rank()

/** Asserts that a call reads at most `most` rows of each table that grows with a customer. */
const readsAtMost = (
  most: number,
  call: (reader: Reader) => Promise<unknown>,
  plans?: readonly string[],
) => reads({ app, tables: ['entities', 'assignments', 'budget_counters'] }, most, call, plans)

/**
 * Asserts the same for a page. The generic plan does not know the limit, so it looks too expensive
 * for PostgreSQL to cache it. Only the custom plan is tested.
 */
const readsPage = (call: (reader: Reader) => Promise<unknown>) =>
  readsAtMost(300, call, [FOR_VALUES])

for (const when of [' right after a load', '']) {
  if (when === '')
    test('the tables are analysed', async () => {
      await app.db.withClient((client) => client.query('analyze'))
    })

  for (const count of [1, 1000])
    test(`resolving ${count} requests reads only the rows of their entities and budgets${when}`, async () => {
      const requests = Array.from({ length: count }, (_, index) => ({
        scope: tenant.scope,
        customerKey,
        dimensions: [['userId', `user-${index + 1}`]] as const,
      }))
      const asked = { capabilityKeys: [featureKey], at: now }
      await readsAtMost(10 * count, (reader) => resolve(reader, requests, asked))
      const { resolutions, counters } = await resolve(app.db.read, requests, asked)
      for (const { budgets, paths } of resolutions) {
        assert.deepEqual(
          budgets.map(({ scopeEntityIds }) => scopeEntityIds.length).toSorted(),
          [0, 1],
        )
        assert.equal(paths[0]?.length, 2)
      }
      // All requests share the budget of the root.
      assert.equal(counters.size, count + 1)
    })

  test(`moving an entity reads only its surroundings, even if it has many descendants${when}`, async () => {
    await readsAtMost(10, (reader) => findPositions(reader, customerKey, ['leaf']))
    await readsAtMost(10, (reader) => findDescendants(reader, customerKey, [leafKey]))
    await readsAtMost(10, (reader) => findDescendants(reader, customerKey, [rootKey]))
    assert.equal(
      (await findDescendants(app.db.read, customerKey, [rootKey])).get(rootKey)?.levels,
      0,
    )
    // With an archived child, the entities below that child are read too.
    await app.db.transaction((tx) =>
      tx.execute(sql`
        update entities set parent_key = ${leafKey}::uuid, archived_at = created_at
        where customer_key = ${customerKey}::uuid and id = ${`user-${USERS}`}::text`),
    )
    await readsAtMost(10, (reader) => findDescendants(reader, customerKey, [leafKey]))
    assert.deepEqual((await findDescendants(app.db.read, customerKey, [leafKey])).get(leafKey), {
      active: [],
      levels: 1,
    })
  })

  test(`finding and listing budgets reads one page${when}`, async () => {
    const capability = { kind: 'feature' as const, key: featureKey }
    const name = { entityKey: rootKey, entityId: 'root', capability, scope: [] }
    await readsAtMost(10, (reader) => findAssignments(reader, customerKey, [name]))
    const page = { after: null, before: null, limit: 20 }
    for (const capabilityKeys of [null, [featureKey]])
      await readsPage((reader) =>
        listAssignments(reader, customerKey, { entity: null, capabilityKeys, page }),
      )
  })

  test(`reading the tree by ids or by creation reads one page, wherever it begins${when}`, async () => {
    const page = { customerKey, typeIds: null, search: null, limit: 20 }
    const capabilities = [{ key: featureKey, transformation: null }]
    const budgets = { ...page, capabilities, scope: 'all' as const, minUtilization: null, now }
    const [middle] = await findPositions(app.db.read, customerKey, [`user-${USERS / 2}`])
    const rootsOwn = { after: null, before: null, limit: 1 }
    const { data: newest } = await listAssignments(app.db.read, customerKey, {
      entity: { key: rootKey },
      capabilityKeys: null,
      page: rootsOwn,
    })
    const cursorAt = (of: { key: Uuid } | undefined) => ({
      key: required(of, 'a row').key,
      value: null,
    })
    for (const order of ['asc', 'desc'] as const) {
      for (const sortBy of ['id', 'createdAt'] as const)
        for (const after of [null, cursorAt(middle)])
          await readsPage((reader) => listTreeEntities(reader, { ...page, sortBy, order, after }))
      for (const sortBy of ['createdAt'] as const)
        for (const after of [null, cursorAt(newest[0])])
          await readsPage((reader) => listTreeBudgets(reader, { ...budgets, sortBy, order, after }))
    }
  })

  test(`the entity tree reads only the siblings and the rows that it shows${when}`, async () => {
    const capability = { kind: 'feature' as const, key: featureKey, id: 'tokens' }
    const list = {
      capabilities: [{ ...capability, transformation: null }],
      sortBy: 'utilization' as const,
      order: 'desc' as const,
      typeIds: null,
      search: null,
      scope: 'all' as const,
      minUtilization: null,
      includeArchived: false,
    }
    const listOf = (parentKey: Uuid | null) => (reader: Reader) => {
      const one: Reader['one'] = async (decode, statement) => {
        await reader.many(decode, statement)
        return decode({ keys: '' })
      }
      const query = { ...list, of: { kind: 'children' as const, parentKey } }
      return listKeys({ ...reader, one }, customerKey, { query, now })
    }
    await readsAtMost(30, listOf(leafKey))
    // The root has as many budgets as there are users.
    await readsAtMost(1.1 * USERS, listOf(null))
    const users = Array.from({ length: 50 }, (_, index) => `user-${index + 1}`)
    const places = await findPositions(app.db.read, customerKey, users)
    const entityKeys = places.map(({ key }) => key).filter((key) => key !== rootKey)
    const capabilityKeys = [featureKey]
    const shown = { keys: entityKeys, includeArchived: false }
    await readsAtMost(300, (reader) => findTreeEntities(reader, customerKey, shown))
    await readsAtMost(1100, (reader) =>
      findOwnBudgets(reader, customerKey, { entityKeys: [rootKey], capabilityKeys, scope: 'all' }),
    )
    const ancestors = entityKeys.map((entityKey) => ({
      entityKey,
      ancestorKey: rootKey,
      path: [entityKey, rootKey],
    }))
    await readsAtMost(300, (reader) =>
      findAncestorBudgets(reader, customerKey, { ancestors, capabilityKeys }),
    )
    const above = await findAncestorBudgets(app.db.read, customerKey, { ancestors, capabilityKeys })
    const assignmentKeys = above.map(({ assignmentKey }) => assignmentKey)
    const keys = assignmentKeys.map((assignmentKey) => ({ customerKey, assignmentKey }))
    await readsAtMost(300, (reader) => findCounted(reader, { keys, now }))
  })

  test(`budgets of all customers are listed and ranked a few at a time${when}`, async () => {
    const tables = ['budget_ranks', 'budget_rankings', 'customers', 'customer_heads']
    const readsFew = (most: number, call: (reader: Reader) => Promise<unknown>) =>
      reads({ app, tables: [...tables, 'assignments', 'entities'] }, most, call, [FOR_VALUES])
    const page = {
      ...{ scope: tenant.scope, customerKey: null, capabilityKeys: null, typeIds: null, now },
      ...{ minUtilization: null, exhaustsBefore: null, after: null, limit: 20 },
    }
    const instant = { key: rootKey, value: String(now + 20_000) }
    const number = { key: rootKey, value: '20000' }
    for (const after of [null, instant])
      await readsFew(30, (reader) => listRanks(reader, { ...page, sortBy: 'exhaustsAt', after }))
    for (const after of [null, number])
      await readsFew(30, (reader) => listRanks(reader, { ...page, sortBy: 'utilization', after }))
    const nothing = { ...page, capabilityKeys: [rootKey] }
    for (const sortBy of ['exhaustsAt', 'utilization'] as const)
      await readsFew(10_000, (reader) => listRanks(reader, { ...nothing, sortBy }))
    const next = { after: rootKey, limit: 50, now }
    const one: Reader['one'] = async () => Promise.reject(new Error('not read'))
    await readsFew(150, (reader) =>
      findChanged(
        { ...reader, one: async (...of) => (await reader.many(...of))[0] ?? one(...of) },
        tenant.scope,
        next,
      ).catch(() => null),
    )
    const customerKeys = [customerKey]
    await readsFew(110, (reader) =>
      listCandidates(reader, { customerKeys, after: null, limit: 100 }),
    )
  })

  test(`sorting by usage reads each budget of the customer once${when}`, async () => {
    const capabilities = [{ key: featureKey, transformation: null }]
    const page = { customerKey, typeIds: null, search: null, limit: 20, after: null, now }
    const budgets = { ...page, capabilities, scope: 'all' as const, minUtilization: null }
    for (const sortBy of ['utilization', 'currentUsage', 'usageLimit', 'scopeSize'] as const)
      await readsAtMost(1.1 * (USERS + SMALL), (reader) =>
        listTreeBudgets(reader, { ...budgets, sortBy, order: 'desc' }),
      )
  })
}
