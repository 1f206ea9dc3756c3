import { column, type Reader, row, rows, type Sql, sql, type Tx } from '../db/index.ts'
import type { Ahead } from '../kernel/ahead.ts'
import { instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { postingsAhead, type WindowThen } from '../metering/rebuild/index.ts'
import { windowOf } from './cadence.ts'

const cadenceRow = row({
  assignmentKey: column.uuid,
  revision: column.integer,
  cadence: column.text,
  isLevel: column.boolean,
  createdAt: column.instant,
})

/** A condition: the threshold was crossed in the future, in a window of the future. */
const isFired = (customerKey: Uuid, { at, beyond }: Ahead): Sql => sql`
  customer_key = ${customerKey}::uuid and fired_at > ${instantToWire(beyond)}::timestamptz
    and window_start > ${instantToWire(at)}::timestamptz`

/**
 * Returns the windows to which the postings of a customer in future windows move. For each revision
 * of a budget, this is the window that contains `ahead.at`, by the cadence that the revision has or
 * had. Budgets that were created in the future must be moved back before this call.
 */
export async function windowsThen(
  reader: Reader,
  customerKey: Uuid,
  ahead: Ahead,
): Promise<WindowThen[]> {
  const found = await reader.many(
    cadenceRow,
    sql`
    select a.assignment_key, posted.revision, coalesce(past.cadence, a.cadence) as cadence,
      a.is_level, a.created_at
    from (
        select * from ${postingsAhead(customerKey, ahead)} as posting
        union
        select assignment_key, revision from fired_thresholds where ${isFired(customerKey, ahead)}
      ) as posted
      join assignments a on a.customer_key = ${customerKey}::uuid
        and a.assignment_key = posted.assignment_key
      left join past_cadences past on past.customer_key = ${customerKey}::uuid
        and past.assignment_key = posted.assignment_key and past.revision = posted.revision`,
  )
  return found.map(({ assignmentKey, revision, cadence, isLevel, createdAt }) => {
    const { start } = windowOf({ cadence, isLevel, createdAt }, ahead.at)
    return { assignmentKey, revision, start }
  })
}

/**
 * Moves crossed thresholds to the windows to which their usage moves. So no event is published
 * again for a threshold that this usage has crossed.
 */
export async function turnFiredBack(
  tx: Tx,
  customerKey: Uuid,
  { ahead, windows }: { ahead: Ahead; windows: readonly WindowThen[] },
): Promise<void> {
  const at = sql`${instantToWire(ahead.at)}::timestamptz`
  await tx.execute(sql`
    with gone as (
      delete from fired_thresholds where ${isFired(customerKey, ahead)}
      returning assignment_key, revision, threshold, environment_key
    )
    insert into fired_thresholds (customer_key, assignment_key, revision, window_start, threshold,
      environment_key, fired_at)
    select ${customerKey}::uuid, assignment_key, revision, there.window_start, gone.threshold,
      gone.environment_key, ${at}
    from gone join ${rows(windows, {
      assignment_key: ['uuid', ({ assignmentKey }) => assignmentKey],
      revision: ['integer', ({ revision }) => revision],
      window_start: ['timestamptz', ({ start }) => start],
    })} as there using (assignment_key, revision)
    on conflict do nothing`)
  await tx.execute(sql`
    update fired_thresholds set fired_at = ${at}
    where customer_key = ${customerKey}::uuid
      and fired_at > ${instantToWire(ahead.beyond)}::timestamptz`)
}
