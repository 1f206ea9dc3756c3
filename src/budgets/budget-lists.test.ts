import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budgetsIn, params, row } from '../../test/support/budgets.ts'
import { openWorld } from '../../test/support/world.ts'

const world = await openWorld()
const { archive, fresh, listed, metered, upsert } = budgetsIn(world)

test('the list filters by entity and by one capability, under either field name', async () => {
  const tenant = await fresh()
  await metered('credits')
  await upsert(
    row('org'),
    row('ann'),
    row('ann', { scopeEntityIds: ['gpt'] }),
    row('ann', { featureId: undefined, currencyId: 'credits' }),
    row('ann', { featureId: 'credits' }),
  )
  const shown = async (query: Record<string, string>) =>
    (await listed(query)).map(
      ({ entityId, featureId, currencyId, scopeEntityIds }) =>
        `${entityId} ${featureId ?? `(${currencyId})`} ${scopeEntityIds}`,
    )
  assert.deepEqual(await shown({ entityId: 'org' }), ['org tokens '])
  assert.deepEqual(await shown({ featureId: 'tokens' }), [
    'ann tokens gpt',
    'ann tokens ',
    'org tokens ',
  ])
  assert.deepEqual(await shown({ capabilityId: 'tokens', entityId: 'ann' }), [
    'ann tokens gpt',
    'ann tokens ',
  ])
  assert.deepEqual(await shown({ currencyId: 'credits' }), ['ann (credits) '])
  assert.deepEqual(await shown({ featureId: 'credits' }), ['ann credits '])
  assert.deepEqual(await shown({ capabilityId: 'credits' }), ['ann credits ', 'ann (credits) '])
  for (const query of [{ entityId: 'nobody' }, { featureId: 'none' }, { capabilityId: 'none' }])
    assert.deepEqual(await shown(query), [])
  for (const query of [
    { featureId: 'tokens', currencyId: 'credits' },
    { featureId: 'tokens', capabilityId: 'tokens' },
  ])
    await tenant.refused(
      'v1Beta.customers.assignments.list',
      { params, query },
      { status: 400, code: 'BadUserInput', message: /exclusive/ },
    )
})

test('the list is newest first, can be read in both directions, and includes budgets of archived entities', async () => {
  const tenant = await fresh()
  const entities = ['org', 'team', 'squad', 'ann', 'bob', 'gpt', 'eu']
  const made = (await upsert(...entities.map((id) => row(id)))).toReversed()
  await archive('squad')
  const page = (query: Record<string, string>) =>
    tenant.ok('v1Beta.customers.assignments.list', { params, query: { limit: '3', ...query } })
  const first = await page({})
  assert.deepEqual(first.data, made.slice(0, 3))
  assert.equal(first.pagination.next, first.data.at(-1)?.id)
  const second = await page({ after: first.pagination.next ?? '' })
  assert.deepEqual(second.data, made.slice(3, 6))
  assert.deepEqual(await page({ before: second.pagination.prev ?? '' }), first)
  const last = await page({ after: second.pagination.next ?? '' })
  assert.deepEqual([last.data, last.pagination.next], [made.slice(6), null])
})
