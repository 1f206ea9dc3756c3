import type { App } from '../app.ts'
import { column, row, sql } from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'

/** How many pieces of due work are counted at most. To count more would take too long. */
const COUNTED_WORK = 10_000

export type JobGauges = {
  databaseBytes: number
  /** The size of the outbox table with its indexes. */
  outboxBytes: number
  /** The number of pieces of work that are due; at most 10,000 are counted. */
  dueWork: number
  /** How long the oldest of them has been due, in milliseconds; 0 if there are none. */
  dueForMs: number
}

const figuresRow = row({
  databaseBytes: column.integer,
  outboxBytes: column.integer,
  dueWork: column.integer,
  oldestDueAt: column.nullable(column.instant),
})

/**
 * Reads figures whose growth operators should monitor. It reads the size of every file of the
 * database, so do not call it in every request.
 */
export async function readGauges({ db, clock }: App): Promise<JobGauges> {
  const now = clock.now()
  const { oldestDueAt, ...gauges } = await db.read.one(
    figuresRow,
    sql`
    select pg_database_size(current_database()) as database_bytes,
      pg_total_relation_size('outbox') as outbox_bytes,
      count(*) as due_work, min(due_at) as oldest_due_at
    from (
      select due_at from due_work where due_at <= ${instantToWire(now)}::timestamptz
      order by due_at limit ${COUNTED_WORK}::integer
    ) as due`,
  )
  return { ...gauges, dueForMs: oldestDueAt === null ? 0 : now - oldestDueAt }
}
