import { closedUntil, lockForPurge } from '../customers/index.ts'
import { column, type Reader, row, rows, type Sql, sql, type Tx } from '../db/index.ts'
import { PURGE_STEP_ROWS, type PurgeCount } from '../jobs/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { firstKeyAt } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { AHEAD_LIMIT_MS } from '../metering/index.ts'
import { purgeRow } from '../metering/retention/index.ts'
import { type CounterKey, counterKeyColumns } from './counter-store.ts'
import { type Counters, counterName } from './postings.ts'

/**
 * An SQL expression: the end of the window that assignment_key, revision and window_start of `of`
 * determine. It is computed with the cadence that the revision has or had. The session is in UTC.
 * The end is infinity for a level, and if there is no such budget.
 */
export const windowEnd = (customerKey: Sql, of: Sql): Sql => sql`
  coalesce(${of}.window_start + coalesce((
      select past.cadence from past_cadences past
      where past.customer_key = ${customerKey} and past.assignment_key = ${of}.assignment_key
        and past.revision = ${of}.revision
    ), (
      select budget.cadence from assignments budget
      where budget.customer_key = ${customerKey} and budget.assignment_key = ${of}.assignment_key
        and not budget.is_level
    ))::interval, 'infinity')`

const KEY = sql`customer_key, assignment_key, revision, window_start`

/**
 * Stores the window ends of counters that were created since the last call. Returns their number.
 */
export const noteEnds = (tx: Tx, scope: Scope): Promise<number> =>
  tx.execute(sql`
    update budget_counters counter
    set window_end = ${windowEnd(sql`counter.customer_key`, sql`counter`)}
    where (${KEY}) in (
      select ${KEY} from budget_counters
      where environment_key = ${scope.environmentKey}::uuid and window_end is null
      limit ${PURGE_STEP_ROWS}::integer for update skip locked)`)

/**
 * Deletes counters of windows that ended before an instant, and the thresholds crossed in them.
 * Counters with open holds stay, so that the holds can be released.
 */
export const deleteClosedCounters = (tx: Tx, scope: Scope, before: Instant): Promise<PurgeCount> =>
  tx.one(
    purgeRow,
    sql`
    with due as materialized (
      select ${KEY} from budget_counters
      where environment_key = ${scope.environmentKey}::uuid
        and window_end < ${instantToWire(before)}::timestamptz and held = 0
      order by window_end limit ${PURGE_STEP_ROWS}::integer
    ),
    ${lockForPurge(sql`due`, before)},
    gone as (
      delete from budget_counters
      where (${KEY}) in (select ${KEY} from due join free using (customer_key)) and held = 0
      returning ${KEY}
    ),
    fired as (
      delete from fired_thresholds where (${KEY}) in (select ${KEY} from gone)
    )
    select (select count(*) from due) as due, (select count(*) from gone) as gone`,
  )

const closedRow = row({
  assignmentKey: column.uuid,
  revision: column.integer,
  windowStart: column.instant,
  usage: column.quantity,
  setAt: column.nullable(column.instant),
})

/**
 * Computes the counters of those windows that may have been purged, from the postings of the
 * records in them. Postings to earlier revisions are included if the revision took over their
 * window. Also returns when the latest SET occurred.
 */
export async function countClosed(
  reader: Reader,
  keys: readonly CounterKey[],
): Promise<{ counters: Counters; setAts: ReadonlyMap<string, Instant> }> {
  if (keys.length === 0) return { counters: new Map(), setAts: new Map() }
  const first = firstKeyAt(Math.min(...keys.map(({ window }) => window.start)) - AHEAD_LIMIT_MS)
  const found = await reader.many(
    closedRow,
    sql`
    select asked.assignment_key, asked.revision, asked.window_start,
      coalesce(posted.usage, 0) as usage, posted.set_at
    from ${rows(keys, counterKeyColumns)} as asked
      cross join lateral (
        select ${windowEnd(sql`asked.customer_key`, sql`asked`)} as window_end,
          ${closedUntil(sql`asked.customer_key`)} as closed_until, (
            select past.ended_at from past_cadences past
            where past.customer_key = asked.customer_key
              and past.assignment_key = asked.assignment_key
              and past.revision = asked.revision - 1) as since, (
            select budget.created_at from assignments budget
            where budget.customer_key = asked.customer_key
              and budget.assignment_key = asked.assignment_key) as created_at
      ) as of
      cross join lateral (
        select sum(posting.delta) as usage,
          max(event.occurred_at) filter (where event.kind = 'SET') as set_at
        from usage_events event
          cross join lateral unnest(event.assignment_keys, event.assignment_revisions,
            event.assignment_windows, event.assignment_deltas)
            as posting (assignment_key, revision, window_start, delta)
        where event.customer_key = asked.customer_key
          and event.occurred_at >= greatest(asked.window_start, of.created_at)
          and event.occurred_at < of.window_end
          and event.event_key >= ${first}::uuid
          and posting.assignment_key = asked.assignment_key
          and (posting.revision = asked.revision
            or posting.revision < asked.revision and of.since < of.window_end)
      ) as posted
    where of.window_end <= of.closed_until`,
  )
  const nameOf = (each: (typeof found)[number]) =>
    counterName(
      { assignmentKey: each.assignmentKey, revision: each.revision },
      { start: each.windowStart },
    )
  return {
    counters: new Map(found.map((each) => [nameOf(each), each.usage])),
    setAts: new Map(
      found.flatMap((each) => (each.setAt === null ? [] : [[nameOf(each), each.setAt]])),
    ),
  }
}
