import { column, nothing, type Reader, row, sql } from '../../db/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import { firstKeyAt, type Uuid } from '../../kernel/ids.ts'
import { AHEAD_LIMIT_MS } from '../../metering/index.ts'
import type { Assignment } from '../types.ts'

const slotRow = row({ slot: column.integer, amount: column.quantity, records: column.integer })

/**
 * Returns what was counted for a budget from each instant until the next one; the last amount
 * includes all later usage. Reads the customer's records from the first instant until `until`, or
 * without an end if that is null, but no more than `most` of them. Returns null if there are more.
 * The instants must ascend.
 */
export async function sumPostings(
  reader: Reader,
  { customerKey, budget }: { customerKey: Uuid; budget: Pick<Assignment, 'key' | 'createdAt'> },
  { cuts, until, most }: { cuts: readonly Instant[]; until: Instant | null; most: number },
): Promise<bigint[] | null> {
  const [first = 0] = cuts
  const starts = cuts.map(instantToWire)
  const found = await reader.many(
    slotRow,
    sql`
    select width_bucket(event.occurred_at, (select ${starts}::timestamptz[])) as slot,
      coalesce(sum(posting.delta), 0) as amount, count(*) as records
    from (
      select of.occurred_at, of.assignment_keys, of.assignment_deltas from usage_events of
      where of.customer_key = ${customerKey}::uuid
        and of.occurred_at >= ${instantToWire(Math.max(first, budget.createdAt))}::timestamptz
        ${until === null ? nothing : sql`and of.occurred_at < ${instantToWire(until)}::timestamptz`}
        and of.event_key >= ${firstKeyAt(first - AHEAD_LIMIT_MS)}::uuid
      limit ${most + 1}::integer
    ) as event
      left join lateral (
        select sum(of.delta) as delta
        from unnest(event.assignment_keys, event.assignment_deltas) as of (key, delta)
        where of.key = ${budget.key}::uuid
      ) posting on true
    group by 1`,
  )
  if (found.reduce((sum, { records }) => sum + records, 0) > most) return null
  const amounts = cuts.map(() => 0n)
  for (const { slot, amount } of found) amounts[slot - 1] = amount
  return amounts
}

const spanRow = row({ cadence: column.text, until: column.from('ended_at', column.instant) })

/** Returns the earlier cadences of a budget, and until when it had each, oldest first. */
export const findPastCadences = (
  reader: Reader,
  customerKey: Uuid,
  assignmentKey: Uuid,
): Promise<{ cadence: string; until: Instant }[]> =>
  reader
    .many(
      spanRow,
      sql`
    select cadence, ended_at from past_cadences
    where customer_key = ${customerKey}::uuid and assignment_key = ${assignmentKey}::uuid
    order by revision desc limit ${CADENCES}::integer`,
    )
    .then((found) => found.reverse())

/** The latest changes of a cadence that are shown. */
const CADENCES = 1000
