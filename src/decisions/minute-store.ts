import { column, hasRow, type Reader, row, rows, rowWriter, sql, type Tx } from '../db/index.ts'
import { PURGE_STEP_ROWS } from '../jobs/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import type { MinuteOf } from './count-minutes.ts'
import type { MinuteCounts } from './types.ts'

/** Writes what a server has counted in minutes. Replaces what it wrote about them before. */
export const saveMinutes = rowWriter<Uuid, MinuteOf>(
  (serverKey, minutes) => sql`
    insert into decision_minutes (environment_key, minute, server_key, checks, consumptions,
      reservations, granted, records, denials)
    select environment_key, minute, ${serverKey}::uuid, checks, consumptions, reservations,
      granted, records, denials
    from ${rows(minutes, {
      environment_key: ['uuid', ({ environmentKey }) => environmentKey],
      minute: ['timestamptz', ({ minute }) => minute],
      checks: ['bigint', ({ counts }) => counts.checks],
      consumptions: ['bigint', ({ counts }) => counts.consumptions],
      reservations: ['bigint', ({ counts }) => counts.reservations],
      granted: ['bigint', ({ counts }) => counts.granted],
      records: ['bigint', ({ counts }) => counts.records],
      denials: ['jsonb', ({ counts }) => JSON.stringify(counts.denials)],
    })} as each
    on conflict (environment_key, minute, server_key) do update set checks = excluded.checks,
      consumptions = excluded.consumptions, reservations = excluded.reservations,
      granted = excluded.granted, records = excluded.records, denials = excluded.denials`,
)

/** What one server has counted in a minute. */
export type StoredMinute = { minute: Instant; serverKey: Uuid; counts: MinuteCounts }

const minuteRow = row<StoredMinute>({
  minute: column.instant,
  serverKey: column.uuid,
  counts: column.group(
    row<MinuteCounts>({
      checks: column.integer,
      consumptions: column.integer,
      reservations: column.integer,
      granted: column.integer,
      records: column.integer,
      denials: column.json<Record<string, number>>(),
    }),
  ),
})

/** How many rows are read at most: those of two days on ten servers. */
const ROWS = 30_000

/** Returns what all servers have written of the minutes from `from` on, the newest first. */
export const readMinutes = (
  reader: Reader,
  { environmentKey }: Scope,
  { from, until }: { from: Instant; until: Instant },
): Promise<StoredMinute[]> =>
  reader.many(
    minuteRow,
    sql`
    select minute, server_key, checks, consumptions, reservations, granted, records, denials
    from decision_minutes
    where environment_key = ${environmentKey}::uuid
      and minute >= ${instantToWire(from)}::timestamptz
      and minute < ${instantToWire(until)}::timestamptz
    order by minute desc limit ${ROWS}::integer`,
  )

/** Deletes minutes outside of a range. Returns how many, at most `PURGE_STEP_ROWS`. */
export const deleteMinutesOutside = (
  tx: Tx,
  { environmentKey }: Scope,
  { before, ahead }: { before: Instant; ahead: Instant },
): Promise<number> =>
  tx.execute(sql`
    delete from decision_minutes where (environment_key, minute, server_key) in (
      select environment_key, minute, server_key from decision_minutes
      where environment_key = ${environmentKey}::uuid
        and (minute < ${instantToWire(before)}::timestamptz
          or minute > ${instantToWire(ahead)}::timestamptz)
      limit ${PURGE_STEP_ROWS}::integer)`)

/** Returns whether an environment has any counts of minutes. */
export const hasMinutes = (reader: Reader, { environmentKey }: Scope): Promise<boolean> =>
  hasRow(
    reader,
    sql`
    select from decision_minutes where environment_key = ${environmentKey}::uuid limit 1`,
  )
