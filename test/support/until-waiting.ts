import { column, type Reader, row, sql } from '../../src/db/index.ts'
import { until } from './deadline.ts'

const waitingRow = row({ waiting: column.integer })

/** Waits until `count` transactions of the database wait for a lock. */
export const untilWaiting = (reader: Reader, count: number) =>
  until(`${count} to wait for a lock`, async () => {
    const { waiting } = await reader.one(
      waitingRow,
      sql`
      select count(*)::integer as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`,
    )
    return waiting >= count
  })
