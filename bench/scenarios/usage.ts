import { freshValue, type Statement, transactionByHand } from '../by-hand.ts'
import { FRESH_ID, type OperationCall, type Scenario, type World } from '../types.ts'

/** Two features, so that what is reported and what events are counted for stay apart. */
const REPORTED = 'bench-reported'
const COUNTED = 'bench-counted'
const EVENT = 'bench-call'
/** One below the other; the last of them uses. */
const LEVELS = ['org', 'team', 'squad', 'user'].map((id) => `bench-${id}`)
const MODEL = 'bench-model'
/** Budgets that apply only to the model, beside one on every level. */
const SCOPED = LEVELS.slice(0, 2)
const MANY = 10_000
const CONNECTIONS = 8
const MOST_BY_HAND = 100
/** Calls that a connection goes round in, where they differ. */
const ROUND = 16

const customerOf = (number: number): string => `bench-usage-${String(number).padStart(5, '0')}`

/** The tables of the transaction by hand. */
const BY_HAND = `
  create table if not exists by_hand_customers (id text primary key, used bigint not null);
  create table if not exists by_hand_records (id uuid primary key, customer text not null,
    name text not null, value bigint not null, dimensions jsonb not null, at timestamptz not null);
  create table if not exists by_hand_keys (customer text, key text, primary key (customer, key));
  create table if not exists by_hand_budgets (customer text, budget text, month date,
    used bigint not null, primary key (customer, budget, month))`

let made = 0

/** Customers with the same tree of four entities and six budgets, copies of the first. */
async function prepare(world: World, count: number): Promise<void> {
  if (made === 0) await prepareFirst(world)
  if (made < count) await copyCustomers(world, Math.max(1, made), count)
  made = Math.max(made, count)
  await world.execute('vacuum analyze')
}

async function prepareFirst(world: World): Promise<void> {
  await world.execute(BY_HAND)
  const customer = { id: customerOf(0) }
  const metered = { featureType: 'NUMBER', meterType: 'INCREMENTAL' }
  for (const id of [REPORTED, COUNTED])
    await world.run({
      operation: 'v1.features.createFeature',
      body: { id, displayName: id, ...metered },
    })
  const isCall = { field: 'event_name', operation: 'EQUALS', value: EVENT }
  await world.run({
    operation: 'v1.features.updateFeature',
    params: { id: COUNTED },
    body: { meter: { aggregation: { function: 'COUNT' }, filters: [{ conditions: [isCall] }] } },
  })
  await world.run({ operation: 'v1.customers.provision', body: customer })
  await world.run({
    operation: 'v1.customers.promotionalEntitlements.create',
    params: customer,
    body: { promotionalEntitlements: [REPORTED, COUNTED].map(grantOf) },
  })
  const ids = [...LEVELS, MODEL]
  await world.run({
    operation: 'v1Beta.entityTypes.upsert',
    body: {
      types: ids.map((id) => ({ id, displayName: id, attributionKeys: [keyOf(id)] })),
    },
  })
  await world.run({
    operation: 'v1Beta.customers.entities.upsert',
    params: customer,
    body: { entities: ids.map((id) => ({ id, entityTypeId: id })) },
  })
  await world.run({
    operation: 'v1Beta.customers.assignments.upsert',
    params: customer,
    body: { assignments: [REPORTED, COUNTED].flatMap(budgetsOf) },
  })
}

const keyOf = (id: string): string => `${id}-id`

const grantOf = (featureId: string) => ({
  featureId,
  period: 'lifetime',
  customEndDate: null,
  usageLimit: null,
  hasUnlimitedUsage: true,
  hasSoftLimit: null,
  enumValues: null,
  isVisible: null,
  resetPeriod: 'MONTH',
  yearlyResetPeriodConfiguration: null,
  monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
  weeklyResetPeriodConfiguration: null,
})

function budgetsOf(featureId: string): object[] {
  const budget = { featureId, usageLimit: 1_000_000_000_000, cadence: 'P1M' }
  return [
    ...LEVELS.map((entityId, level) => ({
      ...budget,
      entityId,
      parentId: LEVELS[level - 1] ?? null,
    })),
    ...SCOPED.map((entityId) => ({ ...budget, entityId, scopeEntityIds: [MODEL] })),
  ]
}

/** By SQL, so many customers at a time: one statement would be cut off after a while. */
const BATCH = 500

async function copyCustomers(world: World, from: number, until: number): Promise<void> {
  for (let start = from; start < until; start += BATCH)
    for (const statement of copies(start, Math.min(start + BATCH, until)))
      await world.execute(statement)
}

function copies(from: number, until: number): string[] {
  const first = `(select customer_key from customers where id = '${customerOf(0)}')`
  const copied = `c.id between '${customerOf(from)}' and '${customerOf(until - 1)}'`
  const parents = LEVELS.slice(1).map((id, level) => `('${id}', '${LEVELS[level]}')`)
  return [
    `insert into customers (customer_key, environment_key, id, metadata, created_at, updated_at)
    select uuidv7(), c.environment_key, 'bench-usage-' || lpad(n::text, 5, '0'), c.metadata,
      c.created_at, c.updated_at
    from customers c, generate_series(${from}, ${until - 1}) n where c.id = '${customerOf(0)}'`,
    `insert into directory (environment_key, kind, id, customer_key)
    select environment_key, 'customer', id, customer_key from customers c where ${copied}`,
    `insert into promotional_entitlements (customer_key, promotional_key, environment_key,
      feature_key, period, usage_limit, is_unlimited, is_soft, enum_values, is_visible,
      reset_period, reset_according_to, starts_at, ends_at, created_at, updated_at)
    select c.customer_key, uuidv7(), p.environment_key, p.feature_key, p.period, p.usage_limit,
      p.is_unlimited, p.is_soft, p.enum_values, p.is_visible, p.reset_period,
      p.reset_according_to, p.starts_at, p.ends_at, p.created_at, p.updated_at
    from customers c, promotional_entitlements p
    where ${copied} and p.customer_key = ${first}`,
    `insert into entities (customer_key, entity_key, environment_key, id, entity_type_key, metadata,
      created_at, updated_at, placed_at)
    select c.customer_key, uuidv7(), e.environment_key, e.id, e.entity_type_key, e.metadata,
      e.created_at, e.updated_at, e.placed_at
    from customers c, entities e where ${copied} and e.customer_key = ${first}`,
    `update entities e set parent_key = p.entity_key
    from customers c, entities p
    where ${copied} and e.customer_key = c.customer_key and p.customer_key = c.customer_key
      and (e.id, p.id) in (${parents})`,
    `insert into assignments (customer_key, assignment_key, environment_key, entity_key,
      capability_kind, capability_key, scope_keys, usage_limit, cadence, revision, created_at,
      updated_at)
    select c.customer_key, uuidv7(), a.environment_key, e.entity_key, a.capability_kind,
      a.capability_key, array(
        select s.entity_key from entities s
        where s.customer_key = c.customer_key and cardinality(a.scope_keys) > 0
          and s.id = '${MODEL}'),
      a.usage_limit, a.cadence, a.revision, a.created_at, a.updated_at
    from customers c, assignments a, entities was, entities e
    where ${copied} and a.customer_key = ${first} and was.customer_key = ${first}
      and was.entity_key = a.entity_key and e.customer_key = c.customer_key and e.id = was.id`,
  ]
}

const dimensions = { [keyOf(LEVELS.at(-1) ?? '')]: LEVELS.at(-1), [keyOf(MODEL)]: MODEL }

/** A record, of which only the customer and the key differ from one to the next. */
type Item = { customerId: string; idempotencyKey: string }

const reportOf = (items: readonly Item[]): OperationCall => ({
  operation: 'v1.usage.report',
  body: { usages: items.map((item) => ({ ...item, featureId: REPORTED, value: 1, dimensions })) },
})

const eventsOf = (items: readonly Item[]): OperationCall => ({
  operation: 'v1.events.report',
  body: {
    events: items.map((item) => ({ ...item, eventName: EVENT, dimensions: { ...dimensions } })),
  },
})

/** What a program without such a server does for each record: a row for every level. */
function byHand({ body }: OperationCall) {
  const { usages, events } = body as { usages?: Item[]; events?: Item[] }
  const text = JSON.stringify(dimensions)
  const month = new Date().toISOString().slice(0, 7)
  const statements = (usages ?? events ?? []).flatMap(({ customerId }): Statement[] => [
    ['insert into by_hand_keys values ($1, $2) on conflict do nothing', customerId, freshValue()],
    [
      `insert into by_hand_customers values ($1, 1)
       on conflict (id) do update set used = by_hand_customers.used + 1 returning used`,
      customerId,
    ],
    [
      'insert into by_hand_records values ($1, $2, $3, 1, $4, $5)',
      freshValue(),
      customerId,
      EVENT,
      text,
      new Date().toISOString(),
    ],
    ...[...LEVELS, ...SCOPED.map((level) => `${level} of ${MODEL}`)].map(
      (budget): Statement => [
        `insert into by_hand_budgets values ($1, $2, $3, 1)
         on conflict (customer, budget, month) do update set used = by_hand_budgets.used + 1`,
        customerId,
        budget,
        `${month}-01`,
      ],
    ),
  ])
  return transactionByHand(statements)
}

const written = `select (select count(*) from usage_events) + (select count(*) from by_hand_records)
  as count`

type Kind = { name: string; title: string; of: (items: readonly Item[]) => OperationCall }
const REPORT: Kind = { name: 'report', title: 'report', of: reportOf }
const EVENTS: Kind = { name: 'events', title: 'events', of: eventsOf }

/** All connections report for one customer: what a group is for. */
const hot = (kind: Kind, records: number): Scenario => ({
  name: `${kind.name}-${records}`,
  title: `${kind.title} by ${records}, one customer`,
  connections: CONNECTIONS,
  // By hand, a thousand would take longer than a round.
  baselines: records > MOST_BY_HAND ? ['sql'] : ['handwritten', 'sql'],
  target: null,
  written,
  handwritten: byHand,
  prepare: (world) => prepare(world, 1),
  calls: () => [kind.of(itemsFor(records, () => customerOf(0)))],
})

/** Each record is of another one of ten thousand customers, which no two connections share. */
const spread = (kind: Kind, records: number): Scenario => ({
  ...hot(kind, records),
  name: `${kind.name}-${records}-spread`,
  title: `${kind.title} by ${records}, ${MANY.toLocaleString('en')} customers`,
  prepare: (world) => prepare(world, MANY),
  calls: (connection) =>
    Array.from({ length: ROUND }, (_, round) =>
      kind.of(
        itemsFor(records, (index) => {
          const number = (round * records + index) * CONNECTIONS + connection
          return customerOf(number % MANY)
        }),
      ),
    ),
})

const itemsFor = (count: number, customerOfItem: (index: number) => string): Item[] =>
  Array.from({ length: count }, (_, index) => ({
    customerId: customerOfItem(index),
    idempotencyKey: `${FRESH_ID}-${index}`,
  }))

/** A tree of four levels and two scoped budgets: every record counts in six of them. */
export const usage: readonly Scenario[] = [
  hot(REPORT, 1),
  hot(REPORT, 100),
  hot(EVENTS, 100),
  hot(EVENTS, 1000),
  spread(REPORT, 1),
  spread(EVENTS, 100),
]
