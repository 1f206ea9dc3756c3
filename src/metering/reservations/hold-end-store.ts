import type { Reader, Sql } from '../../db/index.ts'
import { column, numberedRows, readOfEach, row, rows, sql } from '../../db/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Window } from '../../kernel/period.ts'
import { windowOfColumns } from '../columns.ts'
import type { WindowOf } from '../types.ts'

/** How many of a customer's open reservations are examined: those that expire first. */
const LOOKED_AT = 100

/**
 * A subquery: the first expiry after `now` of an open reservation `r` of the customer that meets
 * the condition `inTheWay`. Only the `LOOKED_AT` reservations that expire first are examined. If
 * none of them meets the condition, the result is the expiry of the last of them: any other
 * reservation that meets it expires no earlier.
 */
const firstEnd = (of: { customerKey: Sql; now: Instant; inTheWay: Sql }): Sql => sql`(
  select r.expires_at
  from (
    select open.*, row_number() over (order by open.expires_at, open.reservation_key) as place
    from reservations open
    where open.customer_key = ${of.customerKey} and open.status = 'open'
      and open.expires_at > ${instantToWire(of.now)}::timestamptz
    order by open.expires_at, open.reservation_key limit ${LOOKED_AT}::integer
  ) r
  where r.place = ${LOOKED_AT}::integer or ${of.inTheWay}
  order by r.expires_at, r.reservation_key limit 1)`

const endRow = row({ expiresAt: column.instant })

/**
 * Returns for each window, in order, the first expiry after `now` of an open reservation in it. The
 * result may be an earlier instant after `now`, see `firstEnd`. Null if there is none.
 */
export async function findHoldEnds(
  reader: Reader,
  windows: readonly WindowOf[],
  now: Instant,
): Promise<(Instant | null)[]> {
  const first = firstEnd({
    customerKey: sql`asked.customer_key`,
    now,
    inTheWay: sql`
      r.feature_key = asked.feature_key and r.resource_key = asked.resource_key
        and r.occurred_at >= asked.window_start and r.occurred_at < asked.window_end`,
  })
  const found = await readOfEach(reader, windows, {
    row: endRow,
    statement: sql`
      select asked.position, first.expires_at
      from ${numberedRows(windows, windowOfColumns)} as asked
        cross join lateral ${first} first`,
  })
  return found.map(([end]) => end?.expiresAt ?? null)
}

/** Like `findHoldEnds`, but for reservations that hold an amount in any of these counters. */
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
  const inTheWay = sql`
    exists (
      select from unnest(r.assignment_keys, r.assignment_windows) as held (key, start)
      where (held.key, held.start) in ${rows(counters, {
        assignment_key: ['uuid', ({ assignmentKey }) => assignmentKey],
        window_start: ['timestamptz', ({ window }) => window.start],
      })})`
  const first = firstEnd({ customerKey: sql`${customerKey}::uuid`, now, inTheWay })
  const found = await reader.maybeOne(endRow, sql`select expires_at from ${first} as first`)
  return found?.expiresAt ?? null
}
