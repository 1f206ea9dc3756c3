import { LEVELS, limitsOf, MODEL, SCOPED, TABLES } from '../../by-hand/tables.ts'
import type { World } from '../../types.ts'
import { completeCopies, monthlyGrant } from '../fixtures.ts'

/** Reported usage and metered events count for different features. */
export const REPORTED = 'bench-reported'
const COUNTED = 'bench-counted'
export const EVENT = 'bench-call'
export const MANY = 10_000
/** Long enough for each customer to be used once, so that the server's caches are full. */
export const WARM_UP_SECONDS = 12
/** The limit of all budgets: more than a run can use. */
const MOST = 1_000_000_000_000

export const customerOf = (number: number): string =>
  `bench-usage-${String(number).padStart(5, '0')}`

/** Returns the dimension for entities of a level, or for the model. */
export const keyOf = (id: string): string => `${id}-id`

/** The dimensions of a use: an entity of each level, and the model. */
export const dimensions: Readonly<Record<string, string>> = Object.fromEntries(
  [LEVELS.at(-1) ?? '', MODEL].map((id) => [keyOf(id), id]),
)

let made = 0

/** Creates customers with the same tree of four entities and six budgets, by copying the first. */
export async function prepare(world: World, count: number): Promise<void> {
  if (made === 0) await prepareFirst(world)
  if (made < count) await copyCustomers(world, Math.max(1, made), count)
  made = Math.max(made, count)
  await world.execute('vacuum analyze')
}

async function prepareFirst(world: World): Promise<void> {
  const customer = { id: customerOf(0) }
  await world.execute(TABLES)
  await prepareCatalog(world)
  await prepareCompany(world, customer.id)
  await world.execute(limitsOf(`c.id = '${customer.id}'`, MOST))
  await useOnce(world, customer.id)
}

/** Uses once before the copies are made, so that they contain the rows that a first use creates. */
export const useOnce = (world: World, customerId: string, by = dimensions): Promise<unknown> =>
  world.run({
    operation: 'v1.usage.report',
    body: { usages: [{ customerId, featureId: REPORTED, value: 1, dimensions: by }] },
  })

/** Creates the features, and an entity type for each level. */
export async function prepareCatalog(world: World): Promise<void> {
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
  await world.run({
    operation: 'v1Beta.entityTypes.upsert',
    body: {
      types: [...LEVELS, MODEL].map((id) => ({
        id,
        displayName: id,
        attributionKeys: [keyOf(id)],
      })),
    },
  })
}

/** The levels from the root down, and those that also have a budget for the model. */
export type Tree = { readonly levels: readonly string[]; readonly scoped: readonly string[] }

const WHOLE: Tree = { levels: LEVELS, scoped: SCOPED }

/** Creates a customer with entitlements to both features, and its tree with budgets. */
export async function prepareCompany(world: World, id: string, tree = WHOLE): Promise<void> {
  const params = { id }
  const entities = tree.scoped.length > 0 ? [...tree.levels, MODEL] : tree.levels
  await world.run({ operation: 'v1.customers.provision', body: params })
  await world.run({
    operation: 'v1.customers.promotionalEntitlements.create',
    params,
    body: { promotionalEntitlements: [REPORTED, COUNTED].map((id) => monthlyGrant(id, null)) },
  })
  await world.run({
    operation: 'v1Beta.customers.entities.upsert',
    params,
    body: { entities: entities.map((of) => ({ id: of, entityTypeId: of })) },
  })
  await world.run({
    operation: 'v1Beta.customers.assignments.upsert',
    params,
    body: { assignments: [REPORTED, COUNTED].flatMap((of) => budgetsOf(of, tree)) },
  })
}

function budgetsOf(featureId: string, { levels, scoped }: Tree): object[] {
  const budget = { featureId, usageLimit: MOST, cadence: 'P1M' }
  return [
    ...levels.map((entityId, level) => ({
      ...budget,
      entityId,
      parentId: levels[level - 1] ?? null,
    })),
    ...scoped.map((entityId) => ({ ...budget, entityId, scopeEntityIds: [MODEL] })),
  ]
}

/** How many customers are copied at a time. One statement for all would exceed the timeout. */
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
    ...completeCopies(copied, customerOf(0)),
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
    // Without statistics of the new rows, the joins below would use nested loops.
    'analyze customers, entities, assignments',
    `insert into budget_counters (customer_key, assignment_key, revision, window_start,
      environment_key, usage)
    select a.customer_key, a.assignment_key, was.revision, was.window_start, was.environment_key,
      was.usage
    from customers c join assignments a using (customer_key)
      join entities e using (customer_key, entity_key),
      budget_counters was join assignments of using (customer_key, assignment_key)
      join entities at using (customer_key, entity_key)
    where ${copied} and was.customer_key = ${first} and at.id = e.id
      and of.capability_key = a.capability_key
      and cardinality(of.scope_keys) = cardinality(a.scope_keys)`,
    `insert into usage_totals (customer_key, feature_key, resource_key, window_end, window_start,
      environment_key, is_kept, count, sum, min, max, distinct_count, last_at)
    select c.customer_key, t.feature_key, t.resource_key, t.window_end, t.window_start,
      t.environment_key, t.is_kept, t.count, t.sum, t.min, t.max, t.distinct_count, t.last_at
    from customers c, usage_totals t where ${copied} and t.customer_key = ${first}`,
    limitsOf(copied, MOST),
  ]
}
