import { column, type Reader, row, sql } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { boundToSql, type Window } from '../kernel/period.ts'
import type { WindowOf } from './types.ts'

const positionRow = row({ position: column.integer, expires_at: column.instant })

/**
 * When the first of the open reservations expires, after `now`, that occurred in a window of what
 * is metered; in the order of the windows, null where there is none.
 */
export async function findHoldEnds(
  reader: Reader,
  windows: readonly WindowOf[],
  now: Instant,
): Promise<(Instant | null)[]> {
  if (windows.length === 0) return []
  const found = await reader.many(
    positionRow,
    sql`
    select asked.position, first.expires_at
    from unnest(
      ${windows.map(({ customerKey }) => customerKey)}::uuid[],
      ${windows.map(({ featureKey }) => featureKey)}::uuid[],
      ${windows.map(({ resourceKey }) => resourceKey)}::uuid[],
      ${windows.map(({ window }) => boundToSql(window.start))}::timestamptz[],
      ${windows.map(({ window }) => boundToSql(window.end))}::timestamptz[]
    ) with ordinality as asked (customer_key, feature_key, resource_key, window_start, window_end,
      position)
      cross join lateral (
        select r.expires_at from reservations r
        where r.customer_key = asked.customer_key and r.status = 'open'
          and r.expires_at > ${instantToWire(now)}::timestamptz
          and r.feature_key = asked.feature_key and r.resource_key = asked.resource_key
          and r.occurred_at >= asked.window_start and r.occurred_at < asked.window_end
        order by r.expires_at, r.reservation_key limit 1) first`,
  )
  const ends: (Instant | null)[] = windows.map(() => null)
  for (const { position, expires_at } of found) ends[position - 1] = expires_at
  return ends
}

const endRow = row({ expires_at: column.instant })

/** The same of those that hold of budgets of a customer, in windows of these. */
export async function findHoldEnd(
  reader: Reader,
  customerKey: Uuid,
  of: {
    counters: readonly { assignmentKey: Uuid; window: Pick<Window, 'start'> }[]
    now: Instant
  },
): Promise<Instant | null> {
  const { counters, now } = of
  if (counters.length === 0) return null
  const found = await reader.maybeOne(
    endRow,
    sql`
    select r.expires_at from reservations r
    where r.customer_key = ${customerKey}::uuid and r.status = 'open'
      and r.expires_at > ${instantToWire(now)}::timestamptz
      and exists (
        select from unnest(r.assignment_keys, r.assignment_windows) as held (key, start)
        where (held.key, held.start) in (
          select * from unnest(
            ${counters.map(({ assignmentKey }) => assignmentKey)}::uuid[],
            ${counters.map(({ window }) => instantToWire(window.start))}::timestamptz[])))
    order by r.expires_at, r.reservation_key limit 1`,
  )
  return found?.expires_at ?? null
}
