import { renewedKey, rows, type Sql, sql, type Tx } from '../../db/index.ts'
import type { Ahead } from '../../kernel/ahead.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import { firstKeyAt, newVersion, type Uuid } from '../../kernel/ids.ts'
import { KEPT_MS } from '../dedup/index.ts'

/** Where a posting belongs that occurred at the instant to which things are turned back. */
export type WindowThen = { assignmentKey: Uuid; revision: number; start: Instant }

const atOf = ({ at }: Ahead): Sql => sql`${instantToWire(at)}::timestamptz`
const beyondOf = ({ beyond }: Ahead): Sql => sql`${instantToWire(beyond)}::timestamptz`

/** Whether a record was accepted in the future. Its key, of that instant, finds the partitions. */
const isAccepted = (ahead: Ahead): Sql => sql`
  accepted_at > ${beyondOf(ahead)} and event_key >= ${firstKeyAt(ahead.beyond)}::uuid`

/**
 * The postings of a customer's records, and what its reservations hold, that are in windows of the
 * future: assignment_key, revision. A subquery.
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

/** The windows of `of`, with those of `windows` where a budget has one there. */
const windowsOf = (of: Sql): Sql => sql`
  case when ${of}.assignment_windows is not null then array(
    select coalesce(there.window_start, posting.window_start)
    from unnest(${of}.assignment_keys, ${of}.assignment_revisions, ${of}.assignment_windows)
        with ordinality as posting (assignment_key, revision, window_start, position)
      left join windows there using (assignment_key, revision)
    order by posting.position) end`

/**
 * Moves the records of a customer that were accepted in the future, in their order, and the names
 * that lead to them; what occurred in the future moves to other windows. A name is not remembered
 * for longer than one that is made now. Everything that is kept of records has to be made anew.
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

/** No name is remembered for longer than one that is made at that instant. */
export const turnNamesBack = (tx: Tx, customerKey: Uuid, ahead: Ahead): Promise<number> => {
  const last = (from: Instant) => sql`${instantToWire(from + KEPT_MS.keyed)}::timestamptz`
  return tx.execute(sql`
    update usage_keys set
      kept_until = ${last(ahead.at)}, occurred_at = least(occurred_at, ${atOf(ahead)})
    where customer_key = ${customerKey}::uuid and kept_until > ${last(ahead.beyond)}`)
}

/**
 * Moves the reservations of a customer that were made or changed in the future, each with the time
 * that it had left. What was made before and noted as expired there is open again, if its own time
 * is not over. Their keys stay, by which callers know them.
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
 * Removes the totals and marks of windows that begin in the future: those that always are there are
 * made again by a recount, the others when they are needed.
 */
export async function forgetWindowsAhead(tx: Tx, customerKey: Uuid, { at }: Ahead): Promise<void> {
  const isAhead = sql`
    customer_key = ${customerKey}::uuid and window_start > ${instantToWire(at)}::timestamptz`
  await tx.execute(sql`delete from usage_totals where ${isAhead}`)
  await tx.execute(sql`delete from usage_marks where ${isAhead}`)
}

/**
 * Turns the head of a customer back, which must be locked, with a version that nothing remembered
 * has. If windows were trimmed by a clock that was ahead, they count as kept from then on, but for
 * `keptMs`: a recount has to follow, which makes them out of the records.
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
