import { type Sql, sql } from '../../db/index.ts'

/**
 * A table with instants, and what becomes of each where the clock of a server was ahead. Every
 * column of the schema that holds instants stands here once, of which a test makes sure.
 */
export type TimedTable = {
  table: Sql
  /**
   * Who turns its rows back. `row`: each by itself, what is past becoming no later than the
   * present. `module`: the module that owns them, with all that hangs on these instants. `recount`:
   * they are made anew out of what was turned back. `nobody`: nothing depends on them.
   */
  by: 'row' | 'module' | 'recount' | 'nobody'
  /** Whether its rows are of customers, and change under the lock of one. */
  isOfCustomers: boolean
  /** What has happened: it cannot be later than the present. */
  past: readonly Sql[]
  /** What may lie in the future, or follows what is past, by name, with the reason. */
  others: Readonly<Record<string, string>>
  /** A key that holds the instant that is past, and finds the partitions. */
  key?: Sql
}

const CREATED = sql`created_at`
const UPDATED = sql`updated_at`
const ARCHIVED = sql`archived_at`
const WINDOW = 'follows the instants at which records occurred'

const ofCustomers = (by: TimedTable['by'], table: Sql, ...past: readonly Sql[]): TimedTable => {
  return { table, by, isOfCustomers: true, past, others: {} }
}
const ofAll = (by: TimedTable['by'], table: Sql, ...past: readonly Sql[]): TimedTable => {
  return { table, by, isOfCustomers: false, past, others: {} }
}

export const TIMED_TABLES: readonly TimedTable[] = [
  ofAll('row', sql`accounts`, CREATED),
  ofAll('row', sql`environments`, CREATED),
  {
    ...ofAll('row', sql`api_keys`, CREATED, sql`revoked_at`),
    others: { expires_at: 'a key ends later, as whoever made it has chosen' },
  },
  ofAll('row', sql`members`, CREATED),
  ofAll('row', sql`signing_secrets`, CREATED),
  ofAll('row', sql`integrations`, CREATED),
  ofAll('row', sql`entity_types`, CREATED, UPDATED, ARCHIVED),
  ofAll('row', sql`features`, CREATED, UPDATED),
  ofAll('row', sql`currencies`, CREATED, UPDATED, ARCHIVED),
  ofAll('row', sql`idempotency_answers`, CREATED),
  ofAll('module', sql`outbox`, sql`occurred_at`),
  {
    ...ofAll('module', sql`due_work`),
    others: { due_at: 'work is for later; that of grants is noted again by their ends' },
  },
  {
    ...ofAll('nobody', sql`schema_migrations`),
    others: { applied_at: 'nothing reads it' },
  },
  ofCustomers('row', sql`customers`, CREATED, UPDATED, ARCHIVED),
  ofCustomers('row', sql`customer_integrations`, CREATED, UPDATED),
  ofCustomers('row', sql`customer_resources`, CREATED, UPDATED),
  ofCustomers('row', sql`entities`, CREATED, UPDATED, ARCHIVED, sql`placed_at`),
  ofCustomers('row', sql`assignments`, CREATED, UPDATED),
  ofCustomers('row', sql`past_cadences`, sql`ended_at`),
  ofCustomers('row', sql`unattributed_usage`, sql`last_at`),
  {
    ...ofCustomers(
      'module',
      sql`promotional_entitlements`,
      CREATED,
      UPDATED,
      sql`starts_at`,
      sql`since`,
    ),
    others: { ends_at: 'a grant ends later; the end of one that is turned back follows it' },
  },
  ofCustomers('module', sql`customer_heads`, sql`decided_at`, sql`closed_until`),
  {
    ...ofCustomers('module', sql`usage_events`, sql`accepted_at`),
    others: {
      occurred_at: 'up to an hour after the acceptance, which it follows',
      assignment_windows: WINDOW,
    },
    key: sql`event_key`,
  },
  {
    ...ofCustomers('module', sql`usage_keys`),
    others: {
      occurred_at: 'follows the record, or the reservation',
      kept_until: 'a name is remembered for a while: for no longer than one that is made now',
    },
  },
  {
    ...ofCustomers('module', sql`reservations`, CREATED, UPDATED),
    others: {
      occurred_at: 'up to an hour after the making, which it follows',
      expires_at: 'a reservation ends later: it keeps the time that it had left',
      assignment_windows: WINDOW,
    },
  },
  {
    ...ofCustomers('module', sql`fired_thresholds`, sql`fired_at`),
    others: { window_start: WINDOW },
  },
  {
    ...ofCustomers('recount', sql`usage_totals`),
    others: { window_start: WINDOW, window_end: WINDOW, last_at: WINDOW, set_at: WINDOW },
  },
  {
    ...ofCustomers('recount', sql`usage_marks`),
    others: { window_start: WINDOW, window_end: WINDOW },
  },
  {
    ...ofCustomers('recount', sql`budget_counters`),
    others: { window_start: WINDOW, window_end: WINDOW, set_at: WINDOW },
  },
]

/** The name of a table or a column. */
export const nameOf = ({ text }: Sql): string => text.join('')
