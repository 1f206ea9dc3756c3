import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN_ON_GPT, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { openWorld } from '../../test/support/world.ts'
import { findCustomerKey } from '../customers/index.ts'
import { column, row, type Sql, sql, type Tx, within } from '../db/index.ts'
import { rendered } from '../db/sql.ts'
import { findDifferences } from '../governance/index.ts'
import { required } from '../kernel/assert.ts'
import { systemOrigin } from '../kernel/origin.ts'
import type { Call } from '../operation.ts'
import { sources } from '../sources.ts'
import { usageHandlers } from './http.ts'

const HELD = 10_000
/** Rows of any one table that a decision may read. */
const MOST = 40
const world = await openWorld()
const { app } = world.bursar
const { clock } = world
const handlers = usageHandlers(sources)

/** A customer with very many open reservations, each like the first. */
async function large() {
  const agency = await openAgency(world, { usageLimit: null, limits: LIMITS })
  const first = await agency.held(1, ANN_ON_GPT)
  const { scope } = agency.tenant
  const customerKey = required(await findCustomerKey(app.db.read, scope, params.id), 'acme')
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`
      insert into reservations
      select customer_key, gen_random_uuid(), environment_key, status, feature_key, resource_key,
        amount, committed_amount, occurred_at, dimensions, direct_entity_keys, entity_keys,
        assignment_keys, assignment_revisions, assignment_windows, created_at,
        expires_at + n * interval '1 minute', updated_at
      from reservations, generate_series(2, ${HELD}::integer) as n
      where customer_key = ${customerKey}::uuid`)
    for (const table of [sql`usage_totals`, sql`budget_counters`])
      await tx.execute(sql`
        update ${table} set held = held * ${HELD}::integer
        where customer_key = ${customerKey}::uuid`)
  })
  await app.db.withClient((client) => client.query('analyze reservations'))
  assert.deepEqual(await findDifferences(app.db.read, customerKey, 10), [])
  return { ...agency, first, customerKey }
}
const LIMITS = { org: 100_000, team: 50_000, 'team[gpt]': 20_000, ann: HELD + 100 }
const agency = await large()
const { tenant } = agency

const tableRow = row({ name: column.text, rows: column.integer })

/** The rows that this transaction has read so far, from each table or, if more, its indexes. */
const readBy = async (tx: Tx): Promise<Map<string, number>> => {
  const tables = await tx.many(
    tableRow,
    sql`
    select c.relname as name, (pg_stat_get_xact_tuples_returned(c.oid)
      + greatest(pg_stat_get_xact_tuples_fetched(c.oid), (
        select coalesce(sum(pg_stat_get_xact_tuples_returned(i.indexrelid)), 0)
        from pg_index i where i.indrelid = c.oid)))::integer as rows
    from pg_class c
    where c.relname in ('reservations', 'usage_totals', 'budget_counters', 'usage_events')`,
  )
  return new Map(tables.map(({ name, rows }) => [name, rows]))
}

/** Does a request of the customer in a transaction, and answers how much that read. */
const reading = (
  work: (call: Call) => Promise<unknown>,
  plans: Sql,
): Promise<Map<string, number>> =>
  app.db.transaction(async (tx) => {
    await tx.execute(sql`set local max_parallel_workers_per_gather = 0`)
    await tx.execute(sql`set local plan_cache_mode = ${plans}`)
    const before = await readBy(tx)
    await work({
      app: { ...app, db: within(tx) },
      scope: tenant.scope,
      origin: systemOrigin('test'),
    })
    const after = await readBy(tx)
    return new Map([...after].map(([name, rows]) => [name, rows - (before.get(name) ?? 0)]))
  })

/** A request of the customer; each has another key. */
const asking = (amount: number) => ({
  params,
  query: {},
  body: {
    featureId: FEATURE,
    amount,
    idempotencyKey: `${amount}`,
    dimensions: ANN_ON_GPT,
  },
})
const settling = { params: { ...params, reservationId: agency.first.id }, query: {} }
const checking = (dimensions?: Record<string, string>) => ({
  params,
  query: { featureId: FEATURE, requestedUsage: 1, ...(dimensions && { dimensions }) },
  body: undefined,
})

const CASES: Record<string, (call: Call) => Promise<unknown>> = {
  'a check': (call) => handlers['v1.customers.checkEntitlement'](checking(), call),
  'a check of budgets': (call) =>
    handlers['v1Beta.customers.entitlements.check'](checking(ANN_ON_GPT), call),
  'an explanation': (call) =>
    handlers['v1.customers.explainEntitlement'](checking(ANN_ON_GPT), call),
  'a use': (call) => handlers['v1.customers.consume'](asking(3), call),
  'a denied use': (call) => handlers['v1.customers.consume'](asking(HELD), call),
  'a reservation': (call) => handlers['v1.customers.reservations.create'](asking(2), call),
  'an extension': (call) =>
    handlers['v1.customers.reservations.extend']({ ...settling, body: { ttlSeconds: 3600 } }, call),
  'a commit': (call) =>
    handlers['v1.customers.reservations.commit']({ ...settling, body: {} }, call),
  'the list': (call) =>
    handlers['v1.customers.reservations.list'](
      { params, query: { limit: 20 }, body: undefined },
      call,
    ),
}
for (const [name, work] of Object.entries(CASES))
  test(`${name} reads the rows that it is about, however much is held`, async () => {
    for (const plans of [sql`force_custom_plan`, sql`force_generic_plan`])
      for (const [table, rows] of await reading(work, plans))
        assert.ok(rows <= MOST, `${rows} rows of ${table}, ${rendered(plans).text}`)
  })

test('what is held in a new window is found by its instant', async () => {
  const start = clock.now()
  clock.moveTo(start + 5 * 3_600_000)
  try {
    assert.equal((await agency.check(1, ANN_ON_GPT)).isGranted, true)
  } finally {
    clock.moveTo(start)
  }
})
