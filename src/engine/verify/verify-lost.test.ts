import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCompany, useCompany } from '../../../test/support/metered-company.ts'
import { randomFrom } from '../../../test/support/random.ts'
import { differencesOf } from '../../../test/support/verified.ts'
import { openWorld } from '../../../test/support/world.ts'
import { column, row, sql } from '../../db/index.ts'
import { rebuildCustomer, verifyCustomer } from './verify-customer.ts'

const world = await openWorld()
const { app } = world.bursar
const LIMIT = 10
/** The key of a budget, an entity and a reservation that are lost. */
const LOST_KEY = '00000000-0000-7000-8000-00000000dead'
const company = await openCompany(world)
const { customerKey, owner, tenant } = company
const whose = sql`customer_key = ${customerKey}::uuid`
const posted = sql`cardinality(assignment_keys) > 0 and amounts[1] <> 0`

/**
 * Usage that counts for a lost budget and a lost entity. Servers whose versions were numbers wrote
 * it after a fail-over.
 */
const COUNTED_FOR_WHAT_IS_LOST = [
  sql`
  update usage_events set
    direct_entity_keys = direct_entity_keys || ${LOST_KEY}::uuid,
    entity_keys = entity_keys || ${LOST_KEY}::uuid,
    assignment_keys = assignment_keys || ${LOST_KEY}::uuid,
    assignment_revisions = assignment_revisions || 1,
    assignment_windows = assignment_windows || timestamptz '2026-05-01',
    assignment_deltas = assignment_deltas || amounts[1]
  where ${whose} and ${posted}`,
  sql`
  insert into budget_counters (customer_key, assignment_key, revision, window_start,
    environment_key, usage, held)
  select customer_key, ${LOST_KEY}::uuid, 1, '2026-05-01', environment_key,
    (select sum(amounts[1]) from usage_events where ${whose} and ${posted}), 7
  from customer_heads where ${whose}`,
  sql`
  insert into fired_thresholds (customer_key, assignment_key, revision, window_start, threshold,
    environment_key, fired_at)
  select customer_key, ${LOST_KEY}::uuid, 1, '2026-05-01', 80, environment_key, decided_at
  from customer_heads where ${whose}`,
  sql`
  insert into reservations (customer_key, reservation_key, environment_key, status, feature_key,
    resource_key, amount, occurred_at, direct_entity_keys, entity_keys, assignment_keys,
    assignment_revisions, assignment_windows, created_at, expires_at, updated_at)
  select customer_key, ${LOST_KEY}::uuid, environment_key, 'open', feature_keys[1], resource_key, 7,
    occurred_at, direct_entity_keys, entity_keys, array[${LOST_KEY}::uuid], array[1],
    array[timestamptz '2026-05-01'], accepted_at, timestamptz '2999-01-01', accepted_at
  from usage_events where ${whose} and ${posted} limit 1`,
]

const LEADS = ['record', 'reservation'].flatMap((each) => [`${each} budget`, `${each} entity`])

test('usage of lost budgets and entities is found and removed', async () => {
  await useCompany(company, world, { random: randomFrom(3, 1), steps: 40 })
  const countersRow = row({ counters: column.json<unknown>() })
  const kept = () =>
    app.db.read.one(
      countersRow,
      sql`
      select json_agg(counter order by assignment_key, revision, window_start) as counters
      from budget_counters counter where ${whose}`,
    )
  const before = await kept()
  await app.db.transaction(async (tx) => {
    for (const statement of COUNTED_FOR_WHAT_IS_LOST) assert.ok((await tx.execute(statement)) > 0)
  })
  const { attributions, totals } = await verifyCustomer(app, customerKey, LIMIT)
  assert.ok(attributions.count > LIMIT && totals.count > 0)
  const kinds = attributions.differences.map(({ holder, what }) => `${holder} ${what}`)
  assert.deepEqual(new Set(kinds), new Set(LEADS))
  await rebuildCustomer(app, owner)
  assert.deepEqual(await differencesOf(world, tenant), {})
  assert.deepEqual(await kept(), before)
  const fired = sql`
    select from fired_thresholds where ${whose} and assignment_key = ${LOST_KEY}::uuid`
  assert.deepEqual(await app.db.read.many(() => null, fired), [])
  // A hold on something that does not exist can still be settled.
  await tenant.ok('v1.customers.reservations.commit', {
    params: { id: 'acme', reservationId: LOST_KEY },
    body: {},
  })
  assert.deepEqual(await differencesOf(world, tenant), {})
})
