import { type Sql, sql } from '../../db/index.ts'

/**
 * A table with instants, and how they are repaired after the clock of a server was ahead. All
 * columns of the schema that contain instants are listed here once; a test verifies that.
 */
export type TimedTable = {
  table: Sql
  /**
   * How its rows are repaired. `row`: the columns in `past` move to the present, each row by
   * itself. `module`: the module that owns the table does it, with everything that depends on the
   * instants. `rebuild`: the rows are computed again from repaired rows. `none`: nothing depends on
   * them.
   */
  by: 'row' | 'module' | 'rebuild' | 'none'
  /** Whether its rows belong to customers, and change under the customer's lock. */
  isOfCustomers: boolean
  /** Columns for what has happened. They cannot be later than the present. */
  past: readonly Sql[]
  /** Names of other columns, which may lie in the future or follow from `past`, with the reason. */
  others: Readonly<Record<string, string>>
  /** A key that contains the instant in `past`. With it, PostgreSQL reads only some partitions. */
  key?: Sql
}

const CREATED = sql`created_at`
const UPDATED = sql`updated_at`
const ARCHIVED = sql`archived_at`
const WINDOW = 'follows from the times of records'
const RANKED = 'budgets are ranked again within a day; only an order depends on it'

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
    ...ofAll('row', sql`api_keys`, CREATED, sql`revoked_at`, sql`last_used_at`),
    others: {
      expires_at: 'an expiry may be in the future; the creator of the key chose it',
      makes_until: 'an expiry of the key that a person signed in with',
    },
  },
  {
    ...ofAll('row', sql`sign_in_codes`, CREATED, sql`used_at`),
    others: { expires_at: 'in the future; a code from a clock that was ahead works too long' },
  },
  ofAll('row', sql`members`, CREATED),
  ofAll('row', sql`signing_secrets`, CREATED),
  ofAll('row', sql`integrations`, CREATED),
  ofAll('row', sql`entity_types`, CREATED, UPDATED, ARCHIVED),
  ofAll('row', sql`features`, CREATED, UPDATED),
  ofAll('row', sql`currencies`, CREATED, UPDATED, ARCHIVED),
  ofAll('row', sql`products`, CREATED, UPDATED, ARCHIVED),
  ofAll('row', sql`packages`, CREATED, UPDATED, ARCHIVED),
  ofAll('row', sql`package_archivals`, ARCHIVED, sql`unarchived_at`),
  ofAll('row', sql`package_versions`, CREATED, UPDATED, sql`published_at`),
  ofAll('row', sql`package_entitlements`, CREATED, UPDATED),
  ofAll('row', sql`tasks`, CREATED, UPDATED, sql`finished_at`),
  ofAll('row', sql`idempotency_answers`, CREATED),
  ofAll('module', sql`outbox`, sql`occurred_at`),
  {
    ...ofAll('module', sql`due_work`),
    others: {
      due_at: 'due work is in the future; some follows ends that move',
    },
  },
  {
    ...ofAll('none', sql`schema_migrations`),
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
    others: { ends_at: 'an end may be in the future; it moves together with the start' },
  },
  ofCustomers('module', sql`subscription_lines`, sql`settled_at`),
  ofCustomers('module', sql`subscriptions`, CREATED),
  {
    ...ofCustomers(
      'module',
      sql`subscription_revisions`,
      sql`since`,
      sql`closed_at`,
      sql`period_start`,
    ),
    others: {
      until: 'the start of the next revision',
      starts_at: 'a start may be in the future; one that was reached moves to the present',
      ending_at: 'an end may be in the future',
      cancellation_at: 'an end may be in the future',
      trial_at: 'an end may be in the future; it moves together with the start',
      payment_until: 'an end may be in the future; it moves together with the start',
      anchor: 'moves together with the period in progress',
      usage_anchor: 'moves together with the start',
    },
  },
  ofCustomers('module', sql`customer_heads`, sql`decided_at`, sql`closed_until`),
  {
    ...ofCustomers('module', sql`usage_events`, sql`accepted_at`),
    others: {
      occurred_at: 'up to an hour after the acceptance; moves together with it',
      assignment_windows: WINDOW,
    },
    key: sql`event_key`,
  },
  {
    ...ofCustomers('module', sql`usage_keys`),
    others: {
      occurred_at: 'follows from the record or the reservation',
      kept_until: 'a key is kept for some time, but not longer than a key that is created now',
    },
  },
  {
    ...ofCustomers('module', sql`reservations`, CREATED, UPDATED),
    others: {
      occurred_at: 'up to an hour after the creation; moves together with it',
      expires_at: 'an expiry may be in the future; the remaining time does not change',
      assignment_windows: WINDOW,
    },
  },
  {
    ...ofCustomers('module', sql`fired_thresholds`, sql`fired_at`),
    others: { window_start: WINDOW },
  },
  {
    ...ofCustomers('none', sql`decisions`),
    others: { last_at: 'only shown; trimming deletes what is more than a day ahead' },
  },
  {
    ...ofAll('none', sql`decision_minutes`),
    others: { minute: 'trimming deletes what is more than a day ahead' },
  },
  {
    ...ofCustomers('none', sql`budget_ranks`),
    others: { window_end: RANKED, exhausts_at: RANKED },
  },
  { ...ofCustomers('none', sql`budget_rankings`), others: { again_at: RANKED } },
  { ...ofAll('none', sql`ranking_passes`), others: { started_at: RANKED, ranked_at: RANKED } },
  {
    ...ofCustomers('rebuild', sql`usage_totals`),
    others: { window_start: WINDOW, window_end: WINDOW, last_at: WINDOW, set_at: WINDOW },
  },
  {
    ...ofCustomers('rebuild', sql`usage_marks`),
    others: { window_start: WINDOW, window_end: WINDOW },
  },
  {
    ...ofCustomers('rebuild', sql`budget_counters`),
    others: { window_start: WINDOW, window_end: WINDOW, set_at: WINDOW },
  },
]

/** Returns the name of a table or column. */
export const nameOf = ({ text }: Sql): string => text.join('')
