import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCounters } from '../../src/budgets/counter-store.ts'
import { resolve } from '../../src/budgets/resolve-store.ts'
import { readCrossed } from '../../src/budgets/threshold-store.ts'
import { listTreeBudgets } from '../../src/budgets/tree-store.ts'
import { findFeatures } from '../../src/catalog/features/index.ts'
import { findCustomerKey } from '../../src/customers/index.ts'
import { type Reader, sql } from '../../src/db/index.ts'
import { required } from '../../src/kernel/assert.ts'
import { instantToWire } from '../../src/kernel/clock.ts'
import { makeUsers } from '../support/budgets.ts'
import { leaveUnanalysed, readsAtMost as reads } from '../support/plans.ts'
import { openWorldApart } from '../support/world.ts'

const BUDGETS = 20
/** How many windows of a minute each budget has had: about a day and a half. */
const WINDOWS = 2000
const MINUTE_MS = 60_000
const world = await openWorldApart()
const { app } = world.bursar
await leaveUnanalysed(app)
const tenant = await world.tenant()
const params = { id: 'acme' }
const ids = Array.from({ length: BUDGETS }, (_, index) => `user-${index}`)

await makeUsers(tenant, params.id, ids)
const { data: assignments } = await tenant.ok('v1Beta.customers.assignments.upsert', {
  params,
  body: {
    assignments: ids.map((entityId) => ({
      entityId,
      featureId: 'tokens',
      usageLimit: 10,
      cadence: 'PT1M',
    })),
  },
})
const now = world.clock.now()
const open = Math.floor(now / MINUTE_MS) * MINUTE_MS
const customerKey = required(await findCustomerKey(app.db.read, tenant.scope, 'acme'), 'acme')
const [feature] = await findFeatures(app.db.read, tenant.scope, ['tokens'])
const featureKey = required(feature, 'the feature').key
// The current window, earlier ones, and the next one, which a clock that is ahead has begun.
await app.db.transaction(async (tx) => {
  await tx.execute(sql`
    insert into budget_counters (customer_key, assignment_key, revision, window_start,
      environment_key, usage)
    select customer_key, assignment_key, 1,
      ${instantToWire(open)}::timestamptz - n * interval '1 minute', environment_key,
      case n when 0 then 3 else 7 end
    from assignments, generate_series(-1, ${WINDOWS}::integer) n
    where customer_key = ${customerKey}::uuid`)
  await tx.execute(sql`
    insert into fired_thresholds
    select customer_key, assignment_key, revision, window_start, 50, environment_key, window_start
    from budget_counters`)
})

const readsAtMost = (most: number, call: (reader: Reader) => Promise<unknown>) =>
  reads({ app, tables: ['budget_counters', 'fired_thresholds'] }, most, call)

const counters = (assignments as { id: string }[]).map(({ id }) => ({
  customerKey,
  assignmentKey: id,
  revision: 1,
  window: { start: open },
}))

for (const when of [' right after a load', '']) {
  if (when === '')
    test('the tables are analysed', async () => {
      await app.db.withClient((client) => client.query('analyze'))
    })

  test(`a page of the tree reads one counter per budget, however many windows there are${when}`, async () => {
    const page = { customerKey, typeIds: null, search: null, limit: BUDGETS, after: null, now }
    const capabilities = [{ key: featureKey, transformation: null }]
    for (const sortBy of ['id', 'createdAt', 'utilization', 'currentUsage'] as const)
      for (const minUtilization of [null, 1n]) {
        const asked = { ...page, capabilities, scope: 'all' as const, minUtilization }
        const call = (reader: Reader) =>
          listTreeBudgets(reader, { ...asked, sortBy, order: 'desc' as const })
        await readsAtMost(BUDGETS, call)
        const rows = await call(app.db.read)
        assert.deepEqual(
          rows.map(({ budget }) => budget?.currentUsage),
          Array(BUDGETS).fill(30_000_000_000n),
        )
      }
  })

  test(`resolving and counting a request reads one counter per budget${when}`, async () => {
    const requests = ids.map((id) => ({
      scope: tenant.scope,
      customerKey,
      dimensions: [['userId', id]] as const,
    }))
    const asked = { capabilityKeys: [featureKey], at: now }
    await readsAtMost(BUDGETS, (reader) => resolve(reader, requests, asked))
    await readsAtMost(BUDGETS, (reader) => readCounters(reader, counters))
    await readsAtMost(BUDGETS, (reader) => readCrossed(reader, counters))
    assert.equal((await readCrossed(app.db.read, counters)).size, BUDGETS)
  })
}
