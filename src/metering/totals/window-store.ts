import type { Reader } from '../../db/index.ts'
import {
  column,
  numberedRows,
  readOfEach,
  readValue,
  row,
  rows,
  rowWriter,
  sql,
} from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Window } from '../../kernel/period.ts'
import type { Scope } from '../../kernel/scope.ts'
import { subjectColumns } from '../columns.ts'
import {
  type CustomerMeterSubject,
  isAlwaysKept,
  type WindowOf,
  type WindowTotal,
} from '../types.ts'
import {
  markHash,
  recordsOfWindow,
  tallyOfWindow,
  tallyRow,
  windowsAsked,
} from './aggregate-store.ts'

export const windowRow = row<Window>({
  start: column.from('window_start', column.bound),
  end: column.from('window_end', column.bound),
})

const madeFields = {
  tally: column.group(tallyRow),
  held: column.quantity,
  lastAt: column.bound,
  setAt: column.nullable(column.instant),
}
const madeRow = row(madeFields)
export const totalRow = row<WindowTotal>({ window: column.group(windowRow), ...madeFields })

/**
 * Returns the totals of subjects whose windows end after an instant, in the order of the queries.
 * Counting records that occur then or later needs exactly these. Each is looked up laterally;
 * otherwise the planner would read the whole table if few customers have most of it.
 */
export async function findTotals(
  reader: Reader,
  asked: readonly (CustomerMeterSubject & { from: Instant })[],
): Promise<WindowTotal[][]> {
  return readOfEach(reader, asked, {
    row: totalRow,
    statement: sql`
      select asked.position, total.window_start, total.window_end, total.count, total.sum,
        total.min, total.max, total.distinct_count, total.held, total.last_at, total.set_at
      from ${numberedRows(asked, {
        ...subjectColumns,
        from_at: ['timestamptz', ({ from }) => from],
      })} as asked
        cross join lateral (
          select * from usage_totals total
          where total.customer_key = asked.customer_key and total.feature_key = asked.feature_key
            and total.resource_key = asked.resource_key and total.window_end > asked.from_at
          offset 0) total`,
  })
}

/**
 * Returns whether any customer of an environment has usage or a hold of a feature. Makes one
 * look-up per customer until the first hit, because usage is indexed by customer. This is
 * acceptable, because meters change rarely.
 */
export const isCounted = (reader: Reader, scope: Scope, featureKey: Uuid): Promise<boolean> =>
  readValue(
    reader,
    column.boolean,
    sql`
    select exists (
      select from customers c cross join lateral (
        select from usage_totals total
        where total.customer_key = c.customer_key and total.feature_key = ${featureKey}::uuid
          and (total.count > 0 or total.held > 0)
        limit 1) used
      where c.environment_key = ${scope.environmentKey}::uuid
    )`,
  )

/**
 * Computes the totals of windows that have no stored one from days, records and reservations, in
 * the order of the windows. That time grows with the number of reservations and of records in a
 * day, or in the whole window for distinct values.
 */
export async function makeTotals(
  reader: Reader,
  windows: readonly WindowOf[],
): Promise<WindowTotal[]> {
  if (windows.length === 0) return []
  const found = await reader.many(
    madeRow,
    sql`
    select made.count, made.sum, made.min, made.max, made.distinct_count, made.held,
      coalesce(made.last_at, '-infinity') as last_at, made.set_at
    from ${windowsAsked(windows)} cross join lateral (${tallyOfWindow}) as made
    order by query.position`,
  )
  return windows.map(({ window }, index) => {
    return { window, ...required(found[index], 'the tally of a window') }
  })
}

/** Stores the distinct values of all records in windows whose totals are about to be stored. */
export const makeDistinctValues = rowWriter<Scope, WindowOf>(
  (scope, windows) => sql`
    insert into usage_marks (customer_key, feature_key, resource_key, mark_hash, window_end,
      window_start, environment_key)
    select distinct query.customer_key, query.feature_key, query.resource_key, ${markHash},
      query.window_end, query.window_start, ${scope.environmentKey}::uuid
    from ${windowsAsked(windows)} cross join lateral (
      select counted.mark from ${recordsOfWindow} and counted.mark is not null
    ) as counted
    on conflict do nothing`,
)

/** Inserts new totals and updates existing ones. */
export const saveTotals = rowWriter<Scope, CustomerMeterSubject & { total: WindowTotal }>(
  (scope, totals) => sql`
    insert into usage_totals (customer_key, feature_key, resource_key, window_end, window_start,
      environment_key, is_kept, count, sum, min, max, distinct_count, held, last_at, set_at)
    select customer_key, feature_key, resource_key, window_end, window_start,
      ${scope.environmentKey}::uuid, is_kept, count, sum, min, max, distinct_count, held, last_at,
      set_at
    from ${rows(totals, {
      ...subjectColumns,
      window_end: ['timestamptz', ({ total }) => total.window.end],
      window_start: ['timestamptz', ({ total }) => total.window.start],
      is_kept: ['boolean', ({ total }) => isAlwaysKept(total.window)],
      count: ['bigint', ({ total }) => total.tally.count],
      sum: ['numeric', ({ total }) => total.tally.sum],
      min: ['numeric', ({ total }) => total.tally.min],
      max: ['numeric', ({ total }) => total.tally.max],
      distinct_count: ['bigint', ({ total }) => total.tally.distinct],
      held: ['numeric', ({ total }) => total.held],
      last_at: ['timestamptz', ({ total }) => total.lastAt],
      set_at: ['timestamptz', ({ total: { setAt } }) => setAt],
    })} as total
    on conflict (customer_key, feature_key, resource_key, window_end, window_start) do update set
      count = excluded.count, sum = excluded.sum, min = excluded.min, max = excluded.max,
      distinct_count = excluded.distinct_count, held = excluded.held, last_at = excluded.last_at,
      set_at = excluded.set_at`,
)

/** A distinct value of a subject. */
export type DistinctValueOf = CustomerMeterSubject & { hash: string }

/** Returns the windows that contain a distinct value, in the order of the values. */
export async function findDistinctValues(
  reader: Reader,
  marks: readonly DistinctValueOf[],
): Promise<Window[][]> {
  return readOfEach(reader, marks, {
    row: windowRow,
    statement: sql`
      select asked.position, seen.window_start, seen.window_end
      from ${numberedRows(marks, {
        ...subjectColumns,
        mark_hash: ['uuid', ({ hash }) => hash],
      })} as asked
        cross join lateral (
          select window_start, window_end from usage_marks m
          where m.customer_key = asked.customer_key and m.feature_key = asked.feature_key
            and m.resource_key = asked.resource_key and m.mark_hash = asked.mark_hash
          offset 0) seen`,
  })
}

/** Stores distinct values that are new in a window. */
export const saveDistinctValues = rowWriter<Scope, DistinctValueOf & { window: Window }>(
  (scope, marks) => sql`
    insert into usage_marks (customer_key, feature_key, resource_key, mark_hash, window_end,
      window_start, environment_key)
    select customer_key, feature_key, resource_key, mark_hash, window_end, window_start,
      ${scope.environmentKey}::uuid
    from ${rows(marks, {
      ...subjectColumns,
      mark_hash: ['uuid', ({ hash }) => hash],
      window_end: ['timestamptz', ({ window }) => window.end],
      window_start: ['timestamptz', ({ window }) => window.start],
    })} as seen`,
)
