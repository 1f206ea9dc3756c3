import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeUsers } from '../../test/support/budgets.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'

const params = { id: 'acme' }
const entities = ['a', 'b', 'c', 'd', 'e', 'f']
const one = await openWorld()
const two = await openWorld()

/**
 * Creates a customer with entities. Returns functions that write its budgets by one of two servers.
 */
async function fresh() {
  const tenant = await one.tenant()
  const other: Tenant = await two.tenant()
  await makeUsers(tenant, params.id, entities)
  const upsert = (index: number, assignments: object[]) =>
    (index % 2 === 0 ? tenant : other).call('v1Beta.customers.assignments.upsert', {
      apiKey: tenant.key,
      params,
      body: { assignments },
    })
  return { tenant, upsert }
}

const budget = (entityId: string, more: object = {}) => {
  return { entityId, featureId: 'tokens', usageLimit: 1, cadence: 'P1M', ...more }
}

test('concurrent requests that create the same budget all succeed and create one budget', async () => {
  const { tenant, upsert } = await fresh()
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      upsert(index, [budget('a', { usageLimit: index }), budget('b', { scopeEntityIds: ['a'] })]),
    ),
  )
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  const ids = answers.map(({ success }) => success?.data.map(({ id }) => id).join())
  assert.equal(new Set(ids).size, 1)
  const { data } = await tenant.ok('v1Beta.customers.assignments.list', { params })
  assert.equal(data.length, 2)
  const created = (await tenant.announced()).filter(
    ({ type }) => type === 'entity.entitlement.created',
  )
  assert.equal(created.length, 2)
})

test('concurrent moves of entities leave a tree without cycles and with no more than the allowed levels', async () => {
  const { tenant, upsert } = await fresh()
  await upsert(
    0,
    entities.map((id) => budget(id)),
  )
  // Each request moves an entity below the next one. Together they would be a cycle.
  const answers = await Promise.all(
    entities.flatMap((id, index) => [
      upsert(index, [budget(id, { parentId: entities[(index + 1) % entities.length] })]),
      upsert(index + 1, [budget(id, { parentId: entities[(index + 2) % entities.length] })]),
      upsert(index, [budget(id, { parentId: null })]),
    ]),
  )
  for (const { status, text } of answers) assert.ok([200, 400].includes(status), text)
  const { data } = await tenant.ok('v1.events.beta.customers.retrieveGovernance', { params })
  const parents = new Map(data.map(({ entityId, parentId }) => [entityId, parentId]))
  for (const id of entities) {
    let levels = 0
    for (let at: string | null = id; at !== null; at = parents.get(at) ?? null) {
      levels += 1
      assert.ok(levels <= 4, `${id} stands too deep`)
    }
  }
})
