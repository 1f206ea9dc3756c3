import { renewedKey, rows, type Sql, sql, type Tx } from '../../db/index.ts'
import type { Ahead } from '../../kernel/ahead.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import { firstKeyAt, newVersion, type Uuid } from '../../kernel/ids.ts'
import { KEPT_MS } from '../dedup/index.ts'

/** The window to which postings in future windows of a budget are moved. */
export type WindowThen = { assignmentKey: Uuid; revision: number; start: Instant }

const atOf = ({ at }: Ahead): Sql => sql`${instantToWire(at)}::timestamptz`
const beyondOf = ({ beyond }: Ahead): Sql => sql`${instantToWire(beyond)}::timestamptz`

/**
 * A condition: the record was accepted in the future. Its second part uses the instant in the key,
 * so that only partitions of the future are read.
 */
const isAccepted = (ahead: Ahead): Sql => sql`
  accepted_at > ${beyondOf(ahead)} and event_key >= ${firstKeyAt(ahead.beyond)}::uuid`

/**
 * A subquery: assignment_key and revision of a customer's postings and holds that were made in the
 * future and whose usage occurred in the future.
 */
export const postingsAhead = (customerKey: Uuid, ahead: Ahead): Sql => sql`(
  select posting.assignment_key, posting.revision
  from usage_events event
    cross join lateral unnest(event.assignment_keys, event.assignment_revisions)
      as posting (assignment_key, revision)
  where event.customer_key = ${customerKey}::uuid and ${isAccepted(ahead)}
    and event.occurred_at > ${atOf(ahead)}
  union
  select posting.assignment_key, posting.revision
  from reservations held
    cross join lateral unnest(held.assignment_keys, held.assignment_revisions)
      as posting (assignment_key, revision)
  where held.customer_key = ${customerKey}::uuid and held.created_at > ${beyondOf(ahead)}
    and held.occurred_at > ${atOf(ahead)})`

const windowsTable = (windows: readonly WindowThen[]): Sql => sql`
  ${rows(windows, {
    assignment_key: ['uuid', ({ assignmentKey }) => assignmentKey],
    revision: ['integer', ({ revision }) => revision],
    window_start: ['timestamptz', ({ start }) => start],
  })} as there`

/** The windows of the postings of `of`. If `windows` has one for a budget, it takes its place. */
const windowsOf = (of: Sql): Sql => sql`
  case when ${of}.assignment_windows is not null then array(
    select coalesce(there.window_start, posting.window_start)
    from unnest(${of}.assignment_keys, ${of}.assignment_revisions, ${of}.assignment_windows)
        with ordinality as posting (assignment_key, revision, window_start, position)
      left join windows there using (assignment_key, revision)
    order by posting.position) end`

/**
 * Moves the records of a customer that were accepted in the future to `ahead.at`, in their order.
 * Their deduplication keys refer to the moved records. Records that occurred in the future move to
 * other windows. All totals and counters must be rebuilt afterwards.
 */
export const turnRecordsBack = (
  tx: Tx,
  customerKey: Uuid,
  { ahead, windows }: { ahead: Ahead; windows: readonly WindowThen[] },
): Promise<number> =>
  tx.execute(sql`
    with windows as materialized (select * from ${windowsTable(windows)}),
    moving as materialized (
      select occurred_at, event_key,
        ${renewedKey(ahead.at, sql`row_number() over (order by event_key)`, sql`event_key`)} as key
      from usage_events where customer_key = ${customerKey}::uuid and ${isAccepted(ahead)}
    ),
    named as (
      update usage_keys name set
        event_key = moving.key, occurred_at = least(name.occurred_at, ${atOf(ahead)})
      from moving
      where name.customer_key = ${customerKey}::uuid and name.event_key = moving.event_key
        and name.occurred_at = moving.occurred_at
    )
    update usage_events event set
      event_key = moving.key, accepted_at = ${atOf(ahead)},
      occurred_at = least(event.occurred_at, ${atOf(ahead)}),
      assignment_windows = case when event.occurred_at > ${atOf(ahead)}
        then ${windowsOf(sql`event`)} else event.assignment_windows end
    from moving
    where event.customer_key = ${customerKey}::uuid and event.occurred_at = moving.occurred_at
      and event.event_key = moving.event_key`)

/** Deduplication keys that expire too late now expire like a key that is created at `ahead.at`. */
export const turnNamesBack = (tx: Tx, customerKey: Uuid, ahead: Ahead): Promise<number> => {
  const last = (from: Instant) => sql`${instantToWire(from + KEPT_MS.keyed)}::timestamptz`
  return tx.execute(sql`
    update usage_keys set
      kept_until = ${last(ahead.at)}, occurred_at = least(occurred_at, ${atOf(ahead)})
    where customer_key = ${customerKey}::uuid and kept_until > ${last(ahead.beyond)}`)
}

/**
 * Moves the reservations of a customer that were created or changed in the future to `ahead.at`.
 * The time for which each still holds its amount stays the same. A reservation that was created
 * earlier and expired in the future is open again, unless it expires by `ahead.at`. The keys of
 * reservations do not change, because callers know them.
 */
export const turnReservationsBack = (
  tx: Tx,
  customerKey: Uuid,
  { ahead, windows }: { ahead: Ahead; windows: readonly WindowThen[] },
): Promise<number> => {
  const [at, beyond] = [atOf(ahead), beyondOf(ahead)]
  return tx.execute(sql`
    with windows as materialized (select * from ${windowsTable(windows)})
    update reservations held set
      created_at = case when created_at > ${beyond} then ${at} else created_at end,
      updated_at = case when updated_at > ${beyond} then ${at} else updated_at end,
      occurred_at = case
        when created_at > ${beyond} then least(occurred_at, ${at}) else occurred_at end,
      expires_at = case
        when status = 'open' and updated_at > ${beyond} then ${at} + (expires_at - updated_at)
        when created_at > ${beyond} then ${at} + (expires_at - created_at)
        else expires_at end,
      status = case
        when status = 'expired' and created_at <= ${beyond} and expires_at > ${at} then 'open'
        else status end,
      assignment_windows = case when created_at > ${beyond} and occurred_at > ${at}
        then ${windowsOf(sql`held`)} else assignment_windows end
    where customer_key = ${customerKey}::uuid
      and (created_at > ${beyond} or updated_at > ${beyond})`)
}

/**
 * Deletes the totals and distinct values of windows that begin in the future. A rebuild creates the
 * totals that must always exist. The others are created when they are needed.
 */
export async function forgetWindowsAhead(tx: Tx, customerKey: Uuid, { at }: Ahead): Promise<void> {
  const isAhead = sql`
    customer_key = ${customerKey}::uuid and window_start > ${instantToWire(at)}::timestamptz`
  await tx.execute(sql`delete from usage_totals where ${isAhead}`)
  await tx.execute(sql`delete from usage_marks where ${isAhead}`)
}

/**
 * Moves the instants in the version row of a customer back, and renews the version. The row must be
 * locked. Windows that were purged because a clock was ahead count as retained again, except those
 * that ended more than `keptMs` before `ahead.at`. A rebuild from the records must follow.
 */
export const turnHeadBack = (
  tx: Tx,
  customerKey: Uuid,
  { ahead, keptMs }: { ahead: Ahead; keptMs: number },
): Promise<number> =>
  tx.execute(sql`
    update customer_heads set
      structure_version = ${newVersion()}::uuid, version = version + 1,
      decided_at = case
        when decided_at > ${beyondOf(ahead)} then ${atOf(ahead)} else decided_at end,
      closed_until = case when closed_until > ${beyondOf(ahead)}
        then ${instantToWire(ahead.at - keptMs)}::timestamptz else closed_until end
    where customer_key = ${customerKey}::uuid`)
