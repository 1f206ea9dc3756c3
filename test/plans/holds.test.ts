import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCustomerKey } from '../../src/customers/index.ts'
import { sql } from '../../src/db/index.ts'
import { createDecisionRecorder } from '../../src/decisions/index.ts'
import { usageHandlers } from '../../src/engine/http/records.ts'
import { reservationKey } from '../../src/engine/reservations/queries.ts'
import { engine } from '../../src/handlers.ts'
import { required } from '../../src/kernel/assert.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import type { Uuid } from '../../src/kernel/ids.ts'
import { systemOrigin } from '../../src/kernel/origin.ts'
import type { Call } from '../../src/operation.ts'
import { ANN_ON_GPT, FEATURE, openAgency, params } from '../support/agency.ts'
import { FOR_ANY, FOR_VALUES, leaveUnanalysed, rowsRead } from '../support/plans.ts'
import { differencesOf } from '../support/verified.ts'
import { openWorldApart } from '../support/world.ts'

const HELD = 10_000
/** The maximum number of rows that a request may read of each table. */
const MOST = 40
const DAY_MS = 86_400_000
const LIMITS = { org: 100_000, team: 50_000, 'team[gpt]': 20_000, ann: HELD + 100, bob: 5 }
const BOB = { userId: 'bob' }
/** The same for a denial, whose hold may be the last of very many to expire. */
const MOST_FOR_ONE = 250
const world = await openWorldApart()
const { app } = world.bursar
const handlers = usageHandlers(engine, createDecisionRecorder())

/** Creates a customer with very many reservations, which are open for two months. */
async function large() {
  const agency = await openAgency(world, { usageLimit: null, limits: LIMITS })
  const first = await agency.held(1, ANN_ON_GPT)
  await agency.held(4, BOB, { ttlSeconds: 3600 })
  const firstKey = reservationKey(first.id)
  const { scope } = agency.tenant
  const customerKey = required(await findCustomerKey(app.db.read, scope, params.id), 'acme')
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`
      update reservations set expires_at = expires_at + interval '60 days'
      where customer_key = ${customerKey}::uuid`)
    await tx.execute(sql`
      insert into reservations
      select customer_key, gen_random_uuid(), environment_key, status, feature_key, resource_key,
        amount, committed_amount, occurred_at, dimensions, direct_entity_keys, entity_keys,
        assignment_keys, assignment_revisions, assignment_windows, created_at, expires_at,
        updated_at
      from reservations, generate_series(2, ${HELD}::integer)
      where customer_key = ${customerKey}::uuid and reservation_key = ${firstKey}::uuid`)
    const more = sql`${HELD - 1}::integer`
    await tx.execute(sql`
      update usage_totals set held = held + ${more}
      where customer_key = ${customerKey}::uuid and held > 0`)
    await tx.execute(sql`
      update budget_counters counter set held = held + ${more}
      from reservations r
      where counter.customer_key = ${customerKey}::uuid and r.customer_key = counter.customer_key
        and r.reservation_key = ${firstKey}::uuid
        and counter.assignment_key = any(r.assignment_keys)`)
  })
  assert.deepEqual(await differencesOf(world, agency.tenant), {})
  await surround(customerKey)
  return { tenant: agency.tenant, first }
}

/** Creates totals and counters of other customers, and of this customer for days of long ago. */
async function surround(customerKey: Uuid): Promise<void> {
  await app.db.transaction(async (tx) => {
    const days = sql`generate_series(1, ${HELD}::integer) as n`
    const day = sql`timestamptz '1990-01-01Z' + n * interval '1 day'`
    await tx.execute(sql`
      insert into usage_totals
      select other.key, feature_key, resource_key, ${day} + interval '1 day', ${day},
        environment_key, true, count, sum, min, max, distinct_count, 0, ${day}, null
      from usage_totals, ${days},
        unnest(array[customer_key, gen_random_uuid()]) as other (key)
      where customer_key = ${customerKey}::uuid and window_end = 'infinity'`)
    await tx.execute(sql`
      insert into budget_counters
      select other.key, assignment_key, revision, ${day}, environment_key, usage, 0
      from budget_counters, ${days}, unnest(array[customer_key, gen_random_uuid()]) as other (key)
      where customer_key = ${customerKey}::uuid`)
  })
}

await leaveUnanalysed(app)
const { tenant, first } = await large()

type PlanCase = (call: Call) => Promise<unknown>

const TABLES = ['reservations', 'usage_totals', 'budget_counters']

/** Returns what a request reads of each table. Its transaction is rolled back. */
async function readingOf(
  tried: PlanCase,
  { clock, planMode }: { clock: Clock; planMode: string },
): Promise<[string, number][]> {
  const { scope } = tenant
  const read = await rowsRead(app, planMode, (db) =>
    tried({ app: { ...app, db, clock }, scope, origin: systemOrigin('test') }),
  )
  return [...read].filter(([name]) => TABLES.includes(name))
}

const use = (amount: number, dimensions: Record<string, string> = ANN_ON_GPT) => ({
  params,
  query: {},
  body: { featureId: FEATURE, amount, idempotencyKey: 'key', dimensions },
})
const check = (dimensions?: Record<string, string>) => ({
  params,
  query: { featureId: FEATURE, requestedUsage: 1, ...(dimensions && { dimensions }) },
  body: undefined,
})
const ofBob = 'a consumption that one hold denies'
const settling = { params: { ...params, reservationId: first.id }, query: {} }

const REQUESTS: Record<string, PlanCase> = {
  'a check': (call) => handlers['v1.customers.checkEntitlement'](check(), call),
  'a check of budgets': (call) =>
    handlers['v1Beta.customers.entitlements.check'](check(ANN_ON_GPT), call),
  'an explanation': (call) => handlers['v1.customers.explainEntitlement'](check(ANN_ON_GPT), call),
  'a consumption': (call) => handlers['v1.customers.consume'](use(3), call),
  'a denied consumption': (call) => handlers['v1.customers.consume'](use(HELD), call),
  [ofBob]: (call) => handlers['v1.customers.consume'](use(3, BOB), call),
  'a reservation': (call) => handlers['v1.customers.reservations.create'](use(2), call),
  'an extension': (call) =>
    handlers['v1.customers.reservations.extend'](
      { ...settling, body: { ttlSeconds: 86_400 } },
      call,
    ),
  'a commit': (call) =>
    handlers['v1.customers.reservations.commit']({ ...settling, body: {} }, call),
  'the list': (call) =>
    handlers['v1.customers.reservations.list'](
      { params, query: { limit: 20 }, body: undefined },
      call,
    ),
}

const start = world.clock.now()
for (const load of ['right after a load', 'analysed']) {
  if (load === 'analysed')
    test('the tables are analysed', async () => {
      await app.db.withClient((client) => client.query('analyze'))
    })

  for (const [when, days] of [
    ['in their window', 0],
    ['in a later window', 35],
  ] as const)
    for (const [name, tried] of Object.entries(REQUESTS))
      test(`${name} reads only the reservations that it needs, ${when}, with very many holds, ${load}`, async () => {
        const clock = { ...world.clock, now: () => start + days * DAY_MS }
        // PostgreSQL may use either plan.
        for (const planMode of [FOR_VALUES, FOR_ANY])
          for (const [table, rows] of await readingOf(tried, { clock, planMode }))
            assert.ok(
              rows <= (name === ofBob ? MOST_FOR_ONE : MOST),
              `${rows} rows of ${table}, ${planMode}`,
            )
      })
}
