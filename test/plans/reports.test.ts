import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Sql, sql, type Tx } from '../../src/db/index.ts'
import { handlers } from '../../src/handlers.ts'
import { required } from '../../src/kernel/assert.ts'
import { instantToWire } from '../../src/kernel/clock.ts'
import { systemOrigin } from '../../src/kernel/origin.ts'
import type { Call } from '../../src/operation.ts'
import { ANN, FEATURE, openAgency, params } from '../support/agency.ts'
import { FOR_ANY, FOR_VALUES, leaveUnanalysed, rowsRead } from '../support/plans.ts'
import { openWorldApart } from '../support/world.ts'

const DAY_MS = 86_400_000
/** How many other customers there are: more than a count reads. */
const OTHERS = 11_000
/** What a count reads at most of a table. */
const COUNTED = 10_001
/** How many records the customer has, in `DAYS` days. */
const RECORDS = 4000
const DAYS = 40
/** How many entities and denials the customer has. */
const OWN = 500
/** How many denials the other customers have. */
const DENIALS = 4000
const LIMIT = 20
/** A page, and look-ups of single rows. */
const MOST = 60
/** The records of one day in each of three statements, and the totals of the days around it. */
const MOST_OF_DAY = 4 * (RECORDS / DAYS)
/** 30 days in each of four statements. */
const MOST_OF_MONTH = 4 * 31

const world = await openWorldApart()
const { app } = world.bursar
await leaveUnanalysed(app)
const agency = await openAgency(world, { usageLimit: null, limits: { 'ann P1D': 100 } })
const { tenant } = agency
const { scope } = tenant
const created = world.clock.now()
world.clock.moveTo(created + DAYS * DAY_MS)
await agency.consume(1, ANN)
await agency.held(1, ANN)
assert.equal((await agency.consume(1000, ANN)).isGranted, false)
await tenant.ok('v1.decisions.list')
const { data: budgets } = await tenant.ok('v1Beta.customers.assignments.list', { params })
const budgetId = required(budgets[0], 'the budget').id

/** Copies a row of a table, once per row of `per`, with changes. */
const copy = (tx: Tx, table: Sql, { of, per, changes }: Record<'of' | 'per' | 'changes', Sql>) =>
  tx.execute(sql`
    insert into ${table}
    select copied.* from (select t from ${table} as t where ${of} limit 1) as picked (one)
      cross join ${per}
      cross join lateral jsonb_populate_record(one, jsonb_build_object(${changes})) as copied`)

const times = (count: number) => sql`generate_series(1, ${count}::integer) as n`
const eachOther = sql`
  (select customer_key as other, row_number() over () as n
    from customers where id like 'other-%') as others`
/** An SQL expression: a key that was created at an instant. */
const keyAt = (at: Sql) => sql`(lpad(to_hex((extract(epoch from ${at}) * 1000)::bigint), 12, '0')
  || '70008000' || lpad(to_hex(n), 12, '0'))::uuid`

await app.db.transaction(async (tx) => {
  const anything = sql`true`
  await copy(tx, sql`customers`, {
    of: sql`id = ${params.id}::text`,
    per: times(OTHERS),
    changes: sql`'customer_key', gen_random_uuid(), 'id', 'other-' || n`,
  })
  const ann = sql`id = 'ann'`
  await copy(tx, sql`entities`, {
    of: ann,
    per: times(OWN),
    changes: sql`'entity_key', gen_random_uuid(), 'id', 'user-' || n`,
  })
  await copy(tx, sql`entities`, {
    of: ann,
    per: eachOther,
    changes: sql`'customer_key', other, 'entity_key', gen_random_uuid(), 'parent_key', null`,
  })
  const now = sql`${instantToWire(world.clock.now())}::timestamptz`
  const longAgo = sql`${now} - n * interval '1 day' - interval '60 days'`
  const isDay = sql`window_end <> 'infinity' and is_kept`
  for (const changes of [sql`'count', 1`, sql`'customer_key', gen_random_uuid()`])
    await copy(tx, sql`usage_totals`, {
      of: isDay,
      per: times(OWN),
      changes: sql`'window_end', date_trunc('day', ${longAgo}, 'UTC') + interval '1 day',
        'window_start', date_trunc('day', ${longAgo}, 'UTC'), ${changes}`,
    })
  const at = sql`(${instantToWire(created)}::timestamptz
    + n * ${`${DAYS} days`}::interval / ${RECORDS}::integer)`
  await copy(tx, sql`usage_events`, {
    of: anything,
    per: times(RECORDS),
    changes: sql`'occurred_at', ${at}, 'event_key', ${keyAt(at)}`,
  })
  await copy(tx, sql`usage_events`, {
    of: anything,
    per: eachOther,
    changes: sql`'customer_key', other`,
  })
  const denial = sql`'decision_key', ${keyAt(sql`(${now} - n * interval '1 minute')`)},
    'merge_key', gen_random_uuid()`
  await copy(tx, sql`decisions`, { of: anything, per: times(OWN), changes: denial })
  for (const environment of [sql`(one).environment_key`, sql`gen_random_uuid()`])
    await copy(tx, sql`decisions`, {
      of: sql`customer_id = ${params.id}::text`,
      per: times(DENIALS),
      changes: sql`${denial}, 'customer_key', gen_random_uuid(), 'customer_id', 'other-' || n,
        'environment_key', ${environment}`,
    })
  await tx.execute(sql`
    insert into decision_minutes
    select ${scope.environmentKey}::uuid, date_trunc('minute', ${now}) - n * interval '1 minute',
      gen_random_uuid(), 1, 1, 1, 1, 1, '{}'
    from ${times(RECORDS)}`)
  await copy(tx, sql`reservations`, {
    of: anything,
    per: eachOther,
    changes: sql`'customer_key', other, 'reservation_key', gen_random_uuid()`,
  })
})

type PlanCase = {
  call: (call: Call) => Promise<unknown>
  /** The maximum number of rows of a table, if not `MOST`. */
  most?: Readonly<Record<string, number>>
  /**
   * Without statistics, PostgreSQL may read all entries of an index before it reads the rows of the
   * first ones.
   */
  isForStatistics?: true
}

const listed = (query: Record<string, unknown>, most: number): PlanCase => ({
  call: (call) =>
    handlers['v1.decisions.list'](
      { params: {}, query: { limit: LIMIT, ...query }, body: undefined },
      call,
    ),
  most: { decisions: most },
})
const dayAgo = instantToWire(world.clock.now() - DAY_MS)
const usage = { featureId: FEATURE }
const ofAcme = { ...usage, customerId: [params.id] }
const top = (
  query: typeof usage & { by?: 'entity'; from?: string },
  most: Record<string, number>,
): PlanCase => ({
  call: (call) => handlers['v1.usage.top']({ params: {}, query, body: undefined }, call),
  most,
})
const series = (
  query: typeof usage & { interval?: 'hour'; groupBy?: 'customer' | 'entity' },
  most: Record<string, number>,
): PlanCase => ({
  call: (call) => handlers['v1.usage.series']({ params: {}, query, body: undefined }, call),
  most,
})
const byDays = { usage_totals: MOST_OF_MONTH }
const byRecords = { usage_totals: MOST_OF_MONTH, usage_events: MOST_OF_DAY }

const REQUESTS: Record<string, PlanCase> = {
  'the denials of the environment': listed({}, MOST),
  'the denials of a customer': listed({ customerId: params.id }, MOST),
  'the denials of a customer with a filter that nothing passes': listed(
    { customerId: params.id, entityId: 'nobody' },
    2 * OWN,
  ),
  'the overview': {
    call: (call) =>
      handlers['v1.overview.retrieve']({ params: {}, query: {}, body: undefined }, call),
    most: {
      customers: COUNTED,
      entities: COUNTED + MOST,
      reservations: COUNTED,
      decision_minutes: 61,
    },
    isForStatistics: true,
  },
  'the customers with the most usage': top(usage, byDays),
  'the usage of a customer': top(ofAcme, byDays),
  'the entities with the most usage': top({ ...ofAcme, by: 'entity', from: dayAgo }, byRecords),
  'the usage of each day': series(usage, byDays),
  'the usage of each customer and day': series({ ...usage, groupBy: 'customer' }, byDays),
  'the usage of each hour': series({ ...ofAcme, interval: 'hour' }, byRecords),
  'the history of a budget': {
    call: (call) =>
      handlers['v1.customers.budgets.retrieveHistory'](
        { params: { ...params, budgetId }, query: { from: dayAgo }, body: undefined },
        call,
      ),
    most: { usage_events: MOST_OF_DAY },
  },
  'a search within a customer': {
    call: (call) =>
      handlers['v1.search'](
        {
          params: {},
          query: { q: 'user', customerId: params.id, limit: LIMIT },
          body: undefined,
        },
        call,
      ),
    most: { entities: OWN + MOST },
  },
}

for (const load of ['right after a load', 'analysed']) {
  if (load === 'analysed')
    test('the tables are analysed', async () => {
      await app.db.withClient((client) => client.query('analyze'))
    })

  for (const [name, { call, most = {}, isForStatistics = false }] of Object.entries(REQUESTS)) {
    if (isForStatistics && load !== 'analysed') continue
    test(`${name}: reads only the rows that it needs, ${load}`, async () => {
      for (const planMode of [FOR_VALUES, FOR_ANY]) {
        const read = await rowsRead(app, planMode, (db) =>
          call({ app: { ...app, db }, scope, origin: systemOrigin('test') }),
        )
        for (const [table, rows] of read)
          assert.ok(rows <= (most[table] ?? MOST), `${rows} rows of ${table}, ${planMode}`)
      }
    })
  }
}
