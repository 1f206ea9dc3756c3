import { LEVELS, MODEL } from '../by-hand/tables.ts'
import { REPORTED } from '../scenarios/usage/company.ts'
import type { World } from '../types.ts'

/** How many rows one statement writes. It ends well within a checkpoint. */
const BATCH = 250_000

const NO_RESOURCE = '00000000-0000-0000-0000-000000000000'
const LAST = LEVELS.at(-1) ?? ''
const list = (ids: readonly string[]): string => ids.map((id) => `'${id}'`).join(', ')

/**
 * Returns a `with` clause, `company`, with the keys of a customer's features, entities and budgets.
 * It is materialized, because otherwise the keys would be looked up for each row.
 */
const withCompany = (id: string): string => `
  with company as materialized (select c.customer_key, c.environment_key, f.feature_key,
    array(select entity_key from entities e where e.customer_key = c.customer_key
      and e.id in (${list([LAST, MODEL])}) order by entity_key) as direct_keys,
    array(select entity_key from entities e where e.customer_key = c.customer_key
      and e.id in (${list([...LEVELS, MODEL])}) order by entity_key) as entity_keys,
    array(select a.assignment_key
      from assignments a join entities e using (customer_key, entity_key)
      where a.customer_key = c.customer_key and a.capability_key = f.feature_key
        and e.id in (${list(LEVELS)}) order by a.assignment_key) as budget_keys
  from customers c, features f where c.id = '${id}' and f.id = '${REPORTED}')`

/** Returns the SQL for the first of an instant's month in UTC. */
const monthOf = (instant: string): string => `date_trunc('month', timestamptz '${instant}', 'UTC')`

/** Calls `fill` with the ranges of numbers up to `count`. Both ends are inclusive. */
async function inBatches(
  count: number,
  fill: (from: number, to: number) => Promise<void>,
): Promise<void> {
  for (let from = 1; from <= count; from += BATCH)
    await fill(from, Math.min(from + BATCH - 1, count))
}

/** Creates users below one entity, each with its own budget. */
export const fillEntities = (
  world: World,
  { customerId, count, parent }: { customerId: string; count: number; parent: string },
): Promise<void> =>
  inBatches(count, async (from, to) => {
    // Without the checks of foreign keys, which would take most of the time.
    await world.execute(`
      begin;
      set local session_replication_role = replica;
      insert into entities (customer_key, entity_key, environment_key, id, entity_type_key,
        metadata, created_at, updated_at, parent_key, placed_at)
      select p.customer_key, uuidv7(), p.environment_key, 'user-' || n, t.entity_type_key, '{}',
        p.created_at, p.created_at, p.entity_key, p.created_at
      from customers c join entities p using (customer_key), entity_types t,
        generate_series(${from}, ${to}) n
      where c.id = '${customerId}' and p.id = '${parent}'
        and t.environment_key = c.environment_key and t.id = '${LAST}';
      insert into assignments (customer_key, assignment_key, environment_key, entity_key,
        capability_kind, capability_key, scope_keys, usage_limit, cadence, revision, created_at,
        updated_at)
      select e.customer_key, uuidv7(), e.environment_key, e.entity_key, 'feature', f.feature_key,
        '{}', 1000, 'P1M', 1, e.created_at, e.created_at
      from customers c, features f, generate_series(${from}, ${to}) n, entities e
      where c.id = '${customerId}' and f.id = '${REPORTED}'
        and e.customer_key = c.customer_key and e.id = 'user-' || n;
      commit`)
  })

/** Returns the SQL for the time of an event. `count` events are spread evenly over the month. */
const momentOf = (count: number, until: string): string => `
  date_trunc('milliseconds', ${monthOf(until)}
    + (timestamptz '${until}' - ${monthOf(until)}) * (n::float8 / ${count}))`

/**
 * Creates events of this month, with their totals and counters, but without their deduplication
 * keys.
 */
export async function fillEvents(
  world: World,
  { customerId, count, until }: { customerId: string; count: number; until: string },
): Promise<void> {
  await inBatches(count, (from, to) =>
    world.execute(`
      ${withCompany(customerId)}
      insert into usage_events (customer_key, occurred_at, event_key, environment_key, accepted_at,
        kind, value, resource_key, dimensions, feature_keys, amounts, direct_entity_keys,
        entity_keys, assignment_keys, assignment_revisions, assignment_windows, assignment_deltas)
      select of.customer_key, m.at, uuidv7(m.at - clock_timestamp()), of.environment_key, m.at,
        'REPORT', 1, '${NO_RESOURCE}', jsonb_build_object('${LAST}-id', '${LAST}', '${MODEL}-id',
        '${MODEL}'), array[of.feature_key], array[1], of.direct_keys, of.entity_keys,
        of.budget_keys, array_fill(1, array[cardinality(of.budget_keys)]),
        array_fill(${monthOf(until)}, array[cardinality(of.budget_keys)]),
        array_fill(1::numeric, array[cardinality(of.budget_keys)])
      from company of, (
        select ${momentOf(count, until)} as at from generate_series(${from}, ${to}) n
      ) as m`),
  )
  await world.execute(`
    ${withCompany(customerId)}
    insert into usage_totals as total (customer_key, feature_key, resource_key, window_end,
      window_start, environment_key, is_kept, count, sum, min, max, distinct_count, last_at)
    select of.customer_key, of.feature_key, '${NO_RESOURCE}', w.ends, w.starts, of.environment_key,
      w.is_kept, sum(day.count), sum(day.count), 1, 1, 0, max(day.last_at)
    from company of, (
        select date_trunc('day', at, 'UTC') as starts, count(*) as count, max(at) as last_at
        from (select ${momentOf(count, until)} as at from generate_series(1, ${count}) n) as m
        group by 1
      ) as day, lateral (values
        ('-infinity'::timestamptz, 'infinity'::timestamptz, true),
        (day.starts, day.starts + interval '1 day', true),
        (${monthOf(until)}, ${monthOf(until)} + interval '1 month', false)
      ) as w (starts, ends, is_kept)
    group by 1, 2, w.ends, w.starts, of.environment_key, w.is_kept
    on conflict (customer_key, feature_key, resource_key, window_end, window_start) do update set
      count = total.count + excluded.count, sum = total.sum + excluded.sum,
      last_at = greatest(total.last_at, excluded.last_at)`)
  await world.execute(`
    ${withCompany(customerId)}
    update budget_counters counter set usage = counter.usage + ${count}
    from company of
    where counter.customer_key = of.customer_key and counter.assignment_key = any(of.budget_keys)`)
}

/** Creates reservations that stay open for a day, with their holds. */
export async function fillHolds(
  world: World,
  { customerId, count, until }: { customerId: string; count: number; until: string },
): Promise<void> {
  await world.execute(`
    ${withCompany(customerId)}
    insert into reservations (customer_key, reservation_key, environment_key, status, feature_key,
      resource_key, amount, occurred_at, direct_entity_keys, entity_keys, assignment_keys,
      assignment_revisions, assignment_windows, created_at, expires_at, updated_at)
    select of.customer_key, uuidv7(), of.environment_key, 'open', of.feature_key, '${NO_RESOURCE}',
      1, m.at, of.direct_keys, of.entity_keys, of.budget_keys,
      array_fill(1, array[cardinality(of.budget_keys)]),
      array_fill(${monthOf(until)}, array[cardinality(of.budget_keys)]), m.at,
      m.at + interval '1 day', m.at
    from company of, (select timestamptz '${until}' as at) as m,
      generate_series(1, ${count}) n`)
  await world.execute(`
    ${withCompany(customerId)}
    update usage_totals total set held = total.held + ${count}
    from company of
    where total.customer_key = of.customer_key and total.feature_key = of.feature_key
      and total.window_start <= '${until}' and total.window_end > '${until}'`)
  await world.execute(`
    ${withCompany(customerId)}
    update budget_counters counter set held = counter.held + ${count}
    from company of
    where counter.customer_key = of.customer_key and counter.assignment_key = any(of.budget_keys)`)
}

/** Creates counters of one-minute windows that ended before this month, for all budgets. */
export const fillWindows = (
  world: World,
  { customerId, count, until }: { customerId: string; count: number; until: string },
): Promise<void> =>
  inBatches(count, (from, to) =>
    world.execute(`
      ${withCompany(customerId)}
      insert into budget_counters (customer_key, assignment_key, revision, window_start,
        environment_key, usage)
      select of.customer_key, budget.key, 1, ${monthOf(until)} - n * interval '1 minute',
        of.environment_key, 1
      from company of cross join lateral unnest(of.budget_keys) as budget (key),
        generate_series(${from}, ${to}) n`),
  )
