import { column, milliseconds, rows, type Sql, sql, type Tx } from '../../db/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { type Quantity, quantityFromSql } from '../../kernel/quantity.ts'
import { subjectColumns } from '../columns.ts'
import type { CustomerMeterSubject, Posting, Reservation } from '../types.ts'
import { expiredKeys, reservationWithKey } from './reservation-store.ts'

/** A held amount: its subject, its instant, and the counters in which it is held. */
export type Hold = CustomerMeterSubject & {
  amount: Quantity
  occurredAt: Instant
  postings: readonly Omit<Posting, 'delta'>[]
}

export const holdOf = ({ attribution, ...reservation }: Reservation): Hold => ({
  ...reservation,
  postings: attribution?.postings ?? [],
})

/** Subtracts held amounts from all totals whose windows contain the instant of the hold. */
export async function freeTotals(tx: Tx, holds: readonly Hold[]): Promise<void> {
  if (holds.length === 0) return
  await tx.execute(sql`
    update usage_totals total set held = total.held - freed.amount
    from (
      select of.customer_key, of.feature_key, of.resource_key, of.window_end, of.window_start,
        sum(hold.amount) as amount
      from ${rows(holds, {
        ...subjectColumns,
        occurred_at: ['timestamptz', ({ occurredAt }) => occurredAt],
        amount: ['numeric', ({ amount }) => amount],
      })} as hold
        join usage_totals of on of.customer_key = hold.customer_key
          and of.feature_key = hold.feature_key and of.resource_key = hold.resource_key
          and of.window_end > hold.occurred_at and of.window_start <= hold.occurred_at
      group by of.customer_key, of.feature_key, of.resource_key, of.window_end, of.window_start
    ) as freed
    where total.customer_key = freed.customer_key and total.feature_key = freed.feature_key
      and total.resource_key = freed.resource_key and total.window_end = freed.window_end
      and total.window_start = freed.window_start`)
}

type HoldJson = {
  featureKey: Uuid
  resourceKey: Uuid
  amount: string
  occurredAt: number
  postings: [assignmentKey: Uuid, revision: number, start: number][]
}

/**
 * A scalar subquery: reservations that have expired by `at` but still count as held in the totals,
 * because their expiry is not stored yet. Reads must subtract them. `holdsFromJson` decodes it. The
 * parameters are expressions of the surrounding statement.
 */
export const expiredHolds = (customerKey: Sql, at: Sql): Sql => sql`(
  select coalesce(json_agg(json_build_object('featureKey', r.feature_key,
    'resourceKey', r.resource_key, 'amount', r.amount::text,
    'occurredAt', ${milliseconds(sql`r.occurred_at`)}, 'postings', (
      select coalesce(json_agg(json_build_array(of.key, of.revision,
        ${milliseconds(sql`of.start`)})), '[]')
      from unnest(r.assignment_keys, r.assignment_revisions, r.assignment_windows)
        as of (key, revision, start)))), '[]')
  from ${expiredKeys(customerKey, at)} as due
    cross join lateral ${reservationWithKey(customerKey, sql`due.reservation_key`)} r)`

const holdsJson = column.json<HoldJson[]>()

/** Decodes the column of `expiredHolds`. */
export const holdsFromJson = (raw: string | null): Omit<Hold, 'customerKey'>[] =>
  holdsJson(raw).map(({ amount, postings, ...hold }) => ({
    ...hold,
    amount: quantityFromSql(amount),
    postings: postings.map(([assignmentKey, revision, start]) => ({
      assignmentKey,
      revision,
      window: { start },
    })),
  }))

/** A subquery like `postingsFrom`: the amounts that open reservations hold in budgets. */
export const heldPostings = (customerKey: Uuid): Sql => sql`(
  select of.assignment_key, of.revision, of.window_start, r.amount as delta, r.occurred_at
  from reservations r
    cross join lateral unnest(r.assignment_keys, r.assignment_revisions, r.assignment_windows)
      as of (assignment_key, revision, window_start)
  where r.customer_key = ${customerKey}::uuid and r.status = 'open')`

/** The windows of a budget that a revision takes over from earlier ones. */
export type Takeover = {
  assignmentKey: Uuid
  revision: number
  windows: readonly { start: Instant; end: Instant }[]
}

/**
 * Moves the postings of open reservations to the revisions that took over their windows. The held
 * amounts of the counters must be recomputed afterwards.
 */
export async function moveHolds(
  tx: Tx,
  customerKey: Uuid,
  takeovers: readonly Takeover[],
): Promise<void> {
  const taken = takeovers.flatMap(({ assignmentKey, revision, windows }) =>
    windows.map((window) => ({ assignmentKey, revision, window })),
  )
  if (taken.length === 0) return
  await tx.execute(sql`
    update reservations r
    set assignment_revisions = moved.revisions, assignment_windows = moved.windows
    from (
      select held.reservation_key,
        array_agg(coalesce(taken.revision, of.revision) order by of.position) as revisions,
        array_agg(coalesce(taken.window_start, of.window_start) order by of.position) as windows
      from reservations held
        cross join lateral unnest(held.assignment_keys, held.assignment_revisions,
          held.assignment_windows) with ordinality
          as of (assignment_key, revision, window_start, position)
        left join ${rows(taken, {
          assignment_key: ['uuid', ({ assignmentKey }) => assignmentKey],
          revision: ['integer', ({ revision }) => revision],
          window_start: ['timestamptz', ({ window }) => window.start],
          window_end: ['timestamptz', ({ window }) => window.end],
        })} as taken
          on taken.assignment_key = of.assignment_key and of.revision < taken.revision
            and held.occurred_at >= taken.window_start and held.occurred_at < taken.window_end
      where held.customer_key = ${customerKey}::uuid and held.status = 'open'
        and held.assignment_keys && ${taken.map(({ assignmentKey }) => assignmentKey)}::uuid[]
      group by held.reservation_key
    ) as moved
    where r.customer_key = ${customerKey}::uuid and r.reservation_key = moved.reservation_key`)
}
