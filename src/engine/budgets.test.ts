import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openShop } from '../../test/support/shop.ts'
import { differencesOf } from '../../test/support/verified.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'

const world = await openWorld()
const { clock } = world

const params = { id: 'acme' }
const FEATURES = {
  tokens: {},
  calls: { meter: { aggregation: { function: 'COUNT' }, filters: [] } },
  spent: { meter: { aggregation: { function: 'SUM', field: 'cost' }, filters: [] } },
  bytes: { unitTransformation: { divide: 1000, round: 'UP' } },
}

const upsertEntities = (tenant: Tenant, entities: object[]) =>
  tenant.ok('v1Beta.customers.entities.upsert', { params, body: { entities } })
const budget = (tenant: Tenant, ...assignments: object[]) =>
  tenant.ok('v1Beta.customers.assignments.upsert', { params, body: { assignments } })

/** org ▸ team ▸ ann and bob, and a model. Each level has a budget of tokens, from 1 May on. */
async function openCompany() {
  clock.moveTo(Date.parse('2026-05-01T00:00:00Z'))
  const shop = await openShop(world, FEATURES)
  const { tenant } = shop
  const types = ['org', 'team', 'user', 'model']
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: types.map((id) => ({ id, displayName: id, attributionKeys: [`${id}Id`] })) },
  })
  const entities = { org: 'org', team: 'team', ann: 'user', bob: 'user', gpt: 'model' }
  await upsertEntities(
    tenant,
    Object.entries(entities).map(([id, entityTypeId]) => ({ id, entityTypeId })),
  )
  const tokens = { featureId: 'tokens', cadence: 'P1M' }
  await budget(
    tenant,
    { ...tokens, entityId: 'org', usageLimit: 1000 },
    { ...tokens, entityId: 'team', usageLimit: 200, parentId: 'org' },
    { ...tokens, entityId: 'team', usageLimit: 50, scopeEntityIds: ['gpt'] },
    { ...tokens, entityId: 'ann', usageLimit: 30, cadence: 'P1D', parentId: 'team' },
    { ...tokens, entityId: 'bob', usageLimit: null, parentId: 'team' },
  )
  clock.moveTo(null)
  /** Returns the usage of budgets: `ann 15`, `team[gpt] 45`. */
  const used = async (featureId = 'tokens') => {
    const { data } = await tenant.ok('v1.events.beta.customers.retrieveGovernance', {
      params,
      query: { featureIds: featureId, limit: '100', sortBy: 'id', order: 'asc' },
    })
    return data
      .map(({ entityId, scopeEntityIds, currentUsage }) =>
        scopeEntityIds.length === 0
          ? `${entityId} ${currentUsage}`
          : `${entityId}[${scopeEntityIds}] ${currentUsage}`,
      )
      .sort()
      .join(', ')
  }
  const tokensBy = (dimensions: object, value: number, more: object = {}) => ({
    featureId: 'tokens',
    value,
    dimensions,
    ...more,
  })
  const differences = () => differencesOf(world, tenant)
  return { ...shop, used, tokensBy, differences }
}

test('usage counts for the named entities, for all above them, and for matching scopes', async () => {
  const { report, used, tokensBy, differences } = await openCompany()
  await report([tokensBy({ userId: 'ann' }, 5)])
  assert.equal(await used(), 'ann 5, bob 0, org 5, team 5, team[gpt] 0')
  await report([
    tokensBy({ userId: 'ann', modelId: 'gpt' }, 6),
    tokensBy({ teamId: 'team', orgId: 'org' }, 10),
    tokensBy({ userId: 'bob', teamId: 'team' }, 100, { createdAt: '2026-05-02T00:00:00Z' }),
    tokensBy({ userId: 'zoe', region: 'eu', modelId: 'ann' }, 1000),
    tokensBy({}, 1000),
  ])
  assert.equal(await used(), 'ann 11, bob 100, org 121, team 121, team[gpt] 6')
  assert.deepEqual(await differences(), {})
})

test('usage counts in the window of its timestamp, beyond any limit, and negative values are subtracted', async () => {
  const { report, used, tokensBy, differences } = await openCompany()
  await report([
    tokensBy({ userId: 'ann' }, 40),
    tokensBy({ userId: 'ann' }, 7, { createdAt: '2026-05-17T23:59:59Z' }),
    tokensBy({ userId: 'ann' }, 9, { createdAt: '2026-04-30T23:59:59Z' }),
  ])
  assert.equal(await used(), 'ann 40, bob 0, org 47, team 47, team[gpt] 0')
  await report([tokensBy({ userId: 'ann' }, -50)])
  assert.equal(await used(), 'ann 0, bob 0, org 0, team 0, team[gpt] 0')
  await report([tokensBy({ userId: 'ann' }, 15)])
  assert.equal(await used(), 'ann 5, bob 0, org 12, team 12, team[gpt] 0')
  assert.deepEqual(await differences(), {})
  try {
    clock.moveTo(Date.parse('2026-05-19T00:00:00Z'))
    assert.equal(await used(), 'ann 0, bob 0, org 12, team 12, team[gpt] 0')
  } finally {
    clock.moveTo(null)
  }
})

test('a SET sets the value of each budget, except where a later SET was reported', async () => {
  const { report, used, tokensBy, differences } = await openCompany()
  await report([tokensBy({ userId: 'ann' }, 5), tokensBy({ userId: 'bob' }, 5)])
  const set = { updateBehavior: 'SET' }
  await report([tokensBy({ userId: 'bob' }, 30, { ...set, createdAt: '2026-05-18T10:00:00Z' })])
  assert.equal(await used(), 'ann 5, bob 30, org 30, team 30, team[gpt] 0')
  await report([tokensBy({ userId: 'ann' }, 99, { ...set, createdAt: '2026-05-18T09:59:59Z' })])
  assert.equal(await used(), 'ann 99, bob 30, org 30, team 30, team[gpt] 0')
  await report([tokensBy({ userId: 'ann' }, 28, set)])
  assert.equal(await used(), 'ann 28, bob 30, org 28, team 28, team[gpt] 0')
  assert.deepEqual(await differences(), {})
})

test('a repetition or a refused request posts nothing', async () => {
  const { tenant, report, used, tokensBy } = await openCompany()
  const keyed = tokensBy({ userId: 'ann' }, 5, { idempotencyKey: 'k' })
  await report([keyed, keyed])
  await report([keyed])
  await tenant.refused(
    'v1.usage.report',
    {
      body: {
        usages: [tokensBy({ userId: 'ann' }, 5), { featureId: 'nope', value: 1 }].map((usage) => ({
          customerId: 'acme',
          ...usage,
        })),
      },
    },
    { status: 404, code: 'FeatureNotFound' },
  )
  assert.equal(await used(), 'ann 5, bob 0, org 5, team 5, team[gpt] 0')
})

test('an event counts for the budgets of every feature whose meter it matches', async () => {
  const { tenant, ingest, used } = await openCompany()
  const on = (featureId: string) => ({ entityId: 'ann', featureId, usageLimit: 9, cadence: 'P1M' })
  await budget(tenant, on('calls'), on('spent'))
  await ingest(
    [1.5, 2.25].map((cost, index) => ({
      eventName: 'call',
      idempotencyKey: `${index}`,
      dimensions: { cost, userId: 'ann' },
    })),
  )
  assert.equal(await used('calls'), 'ann 2')
  assert.equal(await used('spent'), 'ann 3.75')
  assert.equal(await used(), 'ann 0, bob 0, org 0, team 0, team[gpt] 0')
})

test('usage is attributed to the hierarchy at the moment when it is counted', async () => {
  const { tenant, report, used, tokensBy, differences } = await openCompany()
  const both = () => report([tokensBy({ userId: 'ann' }, 1), tokensBy({ agentId: 'bob' }, 1)])
  await both()
  assert.equal(await used(), 'ann 1, bob 0, org 1, team 1, team[gpt] 0')
  await budget(tenant, {
    entityId: 'ann',
    featureId: 'tokens',
    usageLimit: 5,
    cadence: 'P1D',
    parentId: 'org',
  })
  await both()
  assert.equal(await used(), 'ann 2, bob 0, org 2, team 1, team[gpt] 0')
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: { types: [{ id: 'user', displayName: 'user', attributionKeys: ['agentId', 'userId'] }] },
  })
  await both()
  assert.equal(await used(), 'ann 3, bob 1, org 4, team 2, team[gpt] 0')
  await tenant.ok('v1Beta.customers.entities.archive', { params, body: { ids: ['ann'] } })
  await both()
  assert.equal(await used(), 'bob 2, org 6, team 3, team[gpt] 0')
  assert.deepEqual(await differences(), {})
})

test('records that are written while the tree changes are attributed to the old or the new tree', async () => {
  const { tenant, report, tokensBy, differences } = await openCompany()
  const move = (parentId: string) =>
    budget(tenant, {
      entityId: 'ann',
      featureId: 'tokens',
      usageLimit: 5,
      cadence: 'P1D',
      parentId,
    })
  const writing = Array.from({ length: 60 }, () => report([tokensBy({ userId: 'ann' }, 1)]))
  for (const parent of ['org', 'team', 'org', 'team']) await move(parent)
  await Promise.all(writing)
  assert.deepEqual(await differences(), {})
  const attributions = await world.bursar.app.db.withClient(
    async (client) =>
      (
        await client.query<Record<string, string>>(
          `select distinct cardinality(entity_keys) as entities,
             cardinality(assignment_keys) as budgets
           from usage_events where environment_key = $1 order by 1`,
          [tenant.scope.environmentKey],
        )
      ).rows,
  )
  for (const { entities, budgets } of attributions) assert.equal(entities, budgets)
})

test('a threshold is crossed once per window, and a record that crosses several publishes one event', async () => {
  const { tenant, report, tokensBy } = await openCompany()
  await tenant.ok('v1Beta.governance.updateThresholdConfig', {
    body: { thresholds: [50, 80, 100] },
  })
  const exceeded = async () =>
    (await tenant.announced())
      .filter(({ type }) => type === 'entity.entitlement.usage_exceeded')
      .map(({ after }) => after as Record<string, unknown>)
      .map((each) => `${each.entityId} ${each.thresholds} ${each.currentUsage}`)
  const use = (value: number, more: object = {}) =>
    report([tokensBy({ userId: 'ann' }, value, more)])
  await use(14)
  assert.deepEqual(await exceeded(), [])
  await use(1)
  assert.deepEqual(await exceeded(), ['ann 50 15'])
  await report([tokensBy({ userId: 'ann' }, 10), tokensBy({ userId: 'ann' }, 5)])
  await use(20)
  await use(-40)
  await use(90)
  assert.deepEqual(await exceeded(), ['ann 50 15', 'ann 80 25', 'ann 100 30', 'team 50 100'])
  await use(100, { createdAt: '2026-05-17T00:00:00Z' })
  assert.deepEqual((await exceeded()).slice(4), ['team 80,100 200'])
  try {
    clock.moveTo(Date.parse('2026-05-19T00:00:00Z'))
    await use(300)
    assert.deepEqual((await exceeded()).slice(5).sort(), ['ann 50,80,100 300', 'org 50 500'])
  } finally {
    clock.moveTo(null)
  }
})

test('thresholds are compared with usage in limited units', async () => {
  const { tenant, report } = await openCompany()
  await tenant.ok('v1Beta.governance.updateThresholdConfig', { body: { thresholds: [100] } })
  await budget(tenant, { entityId: 'org', featureId: 'bytes', usageLimit: 2, cadence: 'P1M' })
  const fired = async () =>
    (await tenant.announced()).filter(({ type }) => /usage_exceeded/.test(type)).length
  const bytes = (value: number) =>
    report([{ featureId: 'bytes', value, dimensions: { orgId: 'org' } }])
  await bytes(1000)
  assert.equal(await fired(), 0)
  await bytes(1)
  assert.equal(await fired(), 1)
})
