import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, ANN_ON_GPT, type Dimensions, openAgency, params } from '../../test/support/agency.ts'
import { shownChains, verdict } from '../../test/support/decisions.ts'
import { differencesOf } from '../../test/support/verified.ts'
import { openWorld } from '../../test/support/world.ts'

const world = await openWorld()

/**
 * Limits of calls: org 10 ▸ team 9, and within the team 5 on gpt ▸ ann 3. Events are calls, too.
 */
async function openFirm() {
  const agency = await openAgency(world, {
    limits: { org: 10, team: 9, 'team[gpt]': 5, ann: 3 },
  })
  const { tenant, check } = agency
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'calls', displayName: 'C', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
  })
  const meter = { aggregation: { function: 'COUNT' }, filters: [] }
  await tenant.ok('v1.features.updateFeature', { params: { id: 'calls' }, body: { meter } })
  const calls = { featureId: 'calls', usageLimit: 10, cadence: 'P1M' }
  const assignments = ['org', 'ann'].map((entityId) => ({ ...calls, entityId }))
  await tenant.ok('v1Beta.customers.assignments.upsert', { params, body: { assignments } })
  const entities = (act: 'archive' | 'unarchive', ...ids: string[]) =>
    tenant.ok(`v1Beta.customers.entities.${act}`, { params, body: { ids } })
  const types = (act: 'archive' | 'unarchive', ...ids: string[]) =>
    tenant.ok(`v1Beta.entityTypes.${act}`, { body: { ids } })
  return {
    ...agency,
    entities,
    types,
    shown: async (dimensions: Dimensions) => shownChains(await check(1, dimensions)),
    agrees: async () => assert.deepEqual(await differencesOf(world, tenant), {}),
  }
}

test('archiving an entity does not bypass the budgets above it', async () => {
  const { entities, check, explain, consume, reserve, agrees } = await openFirm()
  await entities('archive', 'ann')
  for (const decided of [
    await check(800, ANN),
    await explain(800, ANN),
    await consume(800, ANN),
    await reserve(800, ANN),
  ]) {
    assert.deepEqual(shownChains(decided), [['team 0/9!', 'org 0/10!']])
    assert.equal(decided.accessDeniedReason, 'BudgetExceeded')
  }
  assert.deepEqual((await explain(800, ANN)).unresolved, [])
  assert.equal(verdict(await consume(9, ANN)), 'granted recorded')
  assert.equal(verdict(await consume(1, ANN)), 'BudgetExceeded')
  await agrees()
})

test('usage of an archived entity counts for the entities above it, however it is recorded', async () => {
  const { entities, shown, report, consume, held, commit, release, tenant, agrees } =
    await openFirm()
  await entities('archive', 'ann')
  await report(1, ANN)
  await consume(2, ANN)
  const { id } = await held(4, ANN)
  assert.deepEqual(await shown(ANN), [['team 3/9', 'org 3/10']])
  const { id: other } = await held(2, ANN)
  await release(other)
  await commit(id)
  assert.deepEqual(await shown(ANN), [['team 7/9', 'org 7/10']])
  await tenant.ok('v1.events.report', {
    body: {
      events: [
        { customerId: 'acme', eventName: 'call', idempotencyKey: 'a', dimensions: { ...ANN } },
      ],
    },
  })
  const { data } = await tenant.ok('v1.events.beta.customers.retrieveGovernance', {
    params,
    query: { featureIds: 'calls' },
  })
  assert.deepEqual(
    data.map(({ entityId, currentUsage }) => [entityId, currentUsage]),
    [['org', 1]],
  )
  await agrees()
})

test('the budgets of an archived entity neither deny nor count, and continue after it is restored', async () => {
  const { entities, shown, report, agrees } = await openFirm()
  await report(2, ANN)
  await entities('archive', 'ann')
  await report(4, ANN)
  assert.deepEqual(await shown(ANN), [['team 6/9', 'org 6/10']])
  await entities('unarchive', 'ann')
  assert.deepEqual(await shown(ANN), [['ann 2/3', 'team 6/9', 'org 6/10']])
  await report(1, ANN)
  assert.deepEqual(await shown(ANN), [['ann 3/3!', 'team 7/9', 'org 7/10']])
  await agrees()
})

test('scopes match by the whole path, even if entities on it are archived', async () => {
  const { entities, shown, report, budget, agrees } = await openFirm()
  await budget({ 'org[ann]': 8, 'org[team]': 7 })
  const all = ['team 0/9', 'team[gpt] 0/5', 'org 0/10', 'org[ann] 0/8', 'org[team] 0/7']
  assert.deepEqual(await shown(ANN_ON_GPT), [['ann 0/3', ...all]])
  await entities('archive', 'gpt', 'ann')
  assert.deepEqual(await shown(ANN_ON_GPT), [all])
  await entities('archive', 'team')
  await report(2, ANN_ON_GPT)
  assert.deepEqual(await shown(ANN_ON_GPT), [['org 2/10', 'org[ann] 2/8', 'org[team] 2/7']])
  await entities('unarchive', 'team')
  await report(1, ANN_ON_GPT)
  assert.deepEqual(await shown(ANN_ON_GPT), [
    ['team 1/9', 'team[gpt] 1/5', 'org 3/10', 'org[ann] 3/8', 'org[team] 3/7'],
  ])
  await agrees()
})

test('a chain begins with the nearest active entity, and duplicate chains are shown once', async () => {
  const { entities, shown, consume } = await openFirm()
  await entities('archive', 'ann', 'bob')
  const both = { userId: 'ann', orgId: 'org', teamId: 'team', modelId: 'gpt' }
  assert.deepEqual(await shown(both), [['team 0/9', 'team[gpt] 0/5', 'org 0/10'], ['org 0/10']])
  await consume(1, both)
  assert.deepEqual(await shown(both), [['team 1/9', 'team[gpt] 1/5', 'org 1/10'], ['org 1/10']])
  await entities('archive', 'team', 'org')
  assert.deepEqual(await shown(both), [])
})

test('archiving an entity type does not bypass the budgets above its entities', async () => {
  const { entities, types, shown, consume, explain, agrees } = await openFirm()
  await entities('archive', 'ann', 'bob')
  await types('archive', 'user')
  assert.deepEqual(await shown(ANN), [['team 0/9', 'org 0/10']])
  assert.equal(verdict(await consume(800, ANN)), 'BudgetExceeded')
  assert.equal(verdict(await consume(9, ANN)), 'granted recorded')
  assert.deepEqual(await shown(ANN), [['team 9/9!', 'org 9/10']])
  assert.deepEqual((await explain(1, { userId: 'nobody' })).unresolved, [])
  await types('unarchive', 'user')
  assert.deepEqual((await explain(1, { userId: 'nobody' })).unresolved, ['userId'])
  await agrees()
})
