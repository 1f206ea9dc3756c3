import type { OperationCall, Scenario, World } from '../types.ts'
import { completeCopies, monthlyGrant } from './fixtures.ts'

const FEATURE = 'bench-calls'
const MANY = 1000
const MOST = 100_000
/** How many customers a connection uses. All together are so many that none stays in a cache. */
const PER_CONNECTION = 32
const CONNECTIONS = 64
/** How many customers one statement copies, so that it stays within the timeout. */
const BATCH = 10_000

const customerId = (number: number): string => `bench-check-${String(number).padStart(6, '0')}`

let made = 0

/**
 * Creates customers with one promotional entitlement, which is reset every month, and with usage of
 * the month and of all time. They are copies of one that was created by the real commands.
 */
export async function prepare(world: World, count: number): Promise<void> {
  if (made === 0) await prepareFirst(world)
  if (made < count) {
    for (let from = Math.max(1, made); from < count; from += BATCH)
      await copyCustomers(world, { from, until: Math.min(from + BATCH, count) })
    await world.execute('vacuum analyze')
  }
  made = Math.max(made, count)
}

async function prepareFirst(world: World): Promise<void> {
  const feature = { featureType: 'NUMBER', meterType: 'INCREMENTAL', displayName: 'Calls' }
  await world.run({ operation: 'v1.features.createFeature', body: { id: FEATURE, ...feature } })
  await world.run({ operation: 'v1.customers.provision', body: { id: customerId(0) } })
  await world.run({
    operation: 'v1.customers.promotionalEntitlements.create',
    params: { id: customerId(0) },
    body: { promotionalEntitlements: [monthlyGrant(FEATURE, 1000)] },
  })
  await world.execute(totalsOf(`c.id = '${customerId(0)}'`))
}

/** Totals of all time, of the current month, and of the three months before. */
const totalsOf = (where: string): string => `
  insert into usage_totals (customer_key, feature_key, resource_key, window_end, window_start,
    environment_key, is_kept, count, sum, min, max, distinct_count, last_at)
  select c.customer_key, f.feature_key, '00000000-0000-0000-0000-000000000000', w.ends, w.starts,
    c.environment_key, not isfinite(w.ends), 10, 500, 1, 100, 0, least(w.ends, now())
  from customers c, features f, (
      select timestamptz '-infinity' as starts, timestamptz 'infinity' as ends
      union all
      select month, month + interval '1 month'
      from generate_series(date_trunc('month', now(), 'UTC') - interval '3 months',
        date_trunc('month', now(), 'UTC'), interval '1 month') as month) w
  where ${where} and f.id = '${FEATURE}'`

async function copyCustomers(world: World, { from, until }: { from: number; until: number }) {
  const copies = `customers c, generate_series(${from}, ${until - 1}) n
    where c.id = '${customerId(0)}'`
  const id = `'bench-check-' || lpad(n::text, 6, '0')`
  await world.execute(`
    insert into customers (customer_key, environment_key, id, metadata, created_at, updated_at)
    select uuidv7(), c.environment_key, ${id}, c.metadata, c.created_at, c.updated_at
    from ${copies}`)
  const isCopied = `c.id between '${customerId(from)}' and '${customerId(until - 1)}'`
  for (const statement of completeCopies(isCopied, customerId(0))) await world.execute(statement)
  await world.execute(totalsOf(isCopied))
}

export const checkOf = (number: number): OperationCall => ({
  operation: 'v1.customers.checkEntitlement',
  params: { id: customerId(number) },
  query: { featureId: FEATURE, requestedUsage: 10 },
})

/** The cost of a check must not grow with the number of customers in the tables. */
const among = (count: number): Scenario => ({
  name: `check-${count}`,
  title: `check, ${count.toLocaleString('en')} customers`,
  connections: CONNECTIONS,
  baselines: count === MANY ? ['fastify', 'memory', 'static'] : ['fastify', 'static'],
  target: count === MOST ? { baseline: 'fastify', ratio: 0.7 } : null,
  isPaced: count === MANY,
  prepare: (world) => prepare(world, count),
  calls: (connection) => callsOf(connection, count),
})

const callsOf = (connection: number, count: number): OperationCall[] =>
  // 7919 is prime, so the numbers spread over all customers.
  Array.from({ length: PER_CONNECTION }, (_, index) =>
    checkOf(((connection * PER_CONNECTION + index) * 7919) % count),
  )

const STALE = { 'bursar-max-staleness-ms': '250' }

/** Checks of a thousand customers: how they share the read of versions, and what it costs. */
function reading(of: { connections: number; isStale: boolean; servers: 1 | 2 }): Scenario {
  const { connections, isStale, servers } = of
  const name = ['check', servers === 2 ? 'two' : null, `c${connections}`, isStale ? 'stale' : null]
  const title = ['check', servers === 2 ? 'two servers' : null, isStale ? '250 ms old' : null]
  const words = (some: (string | null)[]) => some.filter((each) => each !== null)
  return {
    name: words(name).join('-'),
    title: words(title).join(', '),
    connections,
    servers,
    baselines: servers === 1 && !isStale ? ['memory', 'static'] : ['static'],
    target: null,
    prepare: (world) => prepare(world, MANY),
    calls: (connection) =>
      callsOf(connection, MANY).map((call) => (isStale ? { ...call, headers: STALE } : call)),
  }
}

export const checkEntitlement: readonly Scenario[] = [
  among(10),
  among(MANY),
  among(MOST),
  ...([1, 2] as const).flatMap((servers) =>
    [1, 8, CONNECTIONS].flatMap((connections) =>
      [false, true]
        // That one is among the scenarios above.
        .filter((isStale) => servers === 2 || isStale || connections !== CONNECTIONS)
        .map((isStale) => reading({ connections, isStale, servers })),
    ),
  ),
]
