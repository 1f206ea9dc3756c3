import type { Reader, Row, Sql, Tx } from '../../db/index.ts'
import { column, pageReader, row, rows, rowWriter, sql } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { PageRequest } from '../../kernel/page.ts'
import type { Scope } from '../../kernel/scope.ts'
import { attributionColumns } from '../columns.ts'
import type { Attribution, Reservation } from '../types.ts'

const STATUSES = ['open', 'committed', 'released', 'expired'] as const

const attributionRow = row({
  directEntityKeys: column.nullable(column.json<Uuid[]>()),
  entityKeys: column.nullable(column.json<Uuid[]>()),
  assignmentKeys: column.nullable(column.json<Uuid[]>()),
  assignmentRevisions: column.nullable(column.json<number[]>()),
  assignmentWindows: column.nullable(column.json<number[]>()),
  amount: column.quantity,
})

const reservationRow = row<Reservation>({
  customerKey: column.uuid,
  key: column.from('reservation_key', column.uuid),
  status: column.oneOf(...STATUSES),
  featureKey: column.uuid,
  resourceKey: column.uuid,
  amount: column.quantity,
  committedAmount: column.nullable(column.quantity),
  occurredAt: column.instant,
  dimensions: column.nullable(column.text),
  attribution: column.group((raw) => attributionOf(attributionRow(raw))),
  createdAt: column.instant,
  expiresAt: column.instant,
  updatedAt: column.instant,
})

/** Arrays are selected as JSON, and the starts of windows in milliseconds. */
const columns = sql`
  r.customer_key, r.reservation_key, r.status, r.feature_key, r.resource_key, r.amount,
  r.committed_amount, r.occurred_at, r.dimensions, to_json(r.direct_entity_keys) as
  direct_entity_keys, to_json(r.entity_keys) as entity_keys, to_json(r.assignment_keys) as
  assignment_keys, to_json(r.assignment_revisions) as assignment_revisions,
  case when r.assignment_windows is not null then to_json(array(
    select (extract(epoch from start) * 1000)::bigint
    from unnest(r.assignment_windows) with ordinality as of (start, position) order by position
  )) end as assignment_windows, r.created_at, r.expires_at, r.updated_at`

function attributionOf(found: Row<typeof attributionRow>): Attribution | null {
  if (found.directEntityKeys === null) return null
  const { assignmentRevisions: revisions, assignmentWindows: windows } = found
  return {
    direct: found.directEntityKeys,
    entities: found.entityKeys ?? [],
    postings: (found.assignmentKeys ?? []).map((assignmentKey, index) => ({
      assignmentKey,
      revision: required(revisions?.[index], 'the revision of a budget that is held of'),
      window: { start: required(windows?.[index], 'the window of a budget that is held of') },
      delta: found.amount,
    })),
  }
}

/** The key of a customer's reservation. */
export type ReservationOf = { customerKey: Uuid; key: Uuid }

/**
 * A subquery for a `cross join lateral`: the reservation with these keys. It reads only one row.
 */
export const reservationWithKey = (customerKey: Sql, key: Sql): Sql => sql`(
  select * from reservations of
  where of.customer_key = ${customerKey} and of.reservation_key = ${key} limit 1)`

/** Returns the existing reservations with these keys, in no particular order. */
export async function findReservations(
  reader: Reader,
  asked: readonly ReservationOf[],
): Promise<Reservation[]> {
  if (asked.length === 0) return []
  return reader.many(
    reservationRow,
    sql`
    select ${columns}
    from ${rows(asked, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      reservation_key: ['uuid', ({ key }) => key],
    })} as asked
      cross join lateral
        ${reservationWithKey(sql`asked.customer_key`, sql`asked.reservation_key`)} r`,
  )
}

/** Inserts new reservations and updates existing ones. */
export const saveReservations = rowWriter<Scope, Reservation>(
  (scope, reservations) => sql`
    insert into reservations (customer_key, reservation_key, environment_key, status, feature_key,
      resource_key, amount, committed_amount, occurred_at, dimensions, direct_entity_keys,
      entity_keys, assignment_keys, assignment_revisions, assignment_windows, created_at,
      expires_at, updated_at)
    select customer_key, reservation_key, ${scope.environmentKey}::uuid, status, feature_key,
      resource_key, amount, committed_amount, occurred_at, dimensions, direct_entity_keys,
      entity_keys, assignment_keys, assignment_revisions, assignment_windows, created_at,
      expires_at, updated_at
    from ${rows(reservations, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      reservation_key: ['uuid', ({ key }) => key],
      status: ['text', ({ status }) => status],
      feature_key: ['uuid', ({ featureKey }) => featureKey],
      resource_key: ['uuid', ({ resourceKey }) => resourceKey],
      amount: ['numeric', ({ amount }) => amount],
      committed_amount: ['numeric', ({ committedAmount }) => committedAmount],
      occurred_at: ['timestamptz', ({ occurredAt }) => occurredAt],
      dimensions: ['jsonb', ({ dimensions }) => dimensions],
      ...attributionColumns,
      created_at: ['timestamptz', ({ createdAt }) => createdAt],
      expires_at: ['timestamptz', ({ expiresAt }) => expiresAt],
      updated_at: ['timestamptz', ({ updatedAt }) => updatedAt],
    })} as reservation
    on conflict (customer_key, reservation_key) do update set
      status = excluded.status, committed_amount = excluded.committed_amount,
      expires_at = excluded.expires_at, updated_at = excluded.updated_at`,
)

/** The maximum number of reservations per statement. */
const AT_ONCE = 1000

/**
 * A subquery: the keys (`reservation_key`) of reservations that have expired by `at` but are stored
 * as open. The parameters are expressions of the surrounding statement. The recursion looks up one
 * row after the other. So no other rows are read, whatever the planner assumes about instants.
 */
export const expiredKeys = (customerKey: Sql, at: Sql): Sql => {
  const next = (after: Sql) => sql`
    select r.reservation_key, r.expires_at from reservations r
    where r.customer_key = ${customerKey} and r.status = 'open' and r.expires_at <= ${at} ${after}
    order by r.expires_at, r.reservation_key limit 1`
  return sql`(
    with recursive due as (
      (${next(sql``)})
      union all
      select next.* from due cross join lateral (${next(sql`
        and (r.expires_at, r.reservation_key) > (due.expires_at, due.reservation_key)`)}) as next
    )
    select reservation_key from due)`
}

/**
 * Returns reservations of customers that are stored as open but have expired, by the instants in
 * the customers' version rows, which must be locked. At most `AT_ONCE`.
 */
export async function findExpired(tx: Tx, customerKeys: readonly Uuid[]): Promise<Reservation[]> {
  if (customerKeys.length === 0) return []
  return tx.many(
    reservationRow,
    sql`
    select ${columns}
    from (
      select head.customer_key, due.reservation_key
      from customer_heads head cross join lateral
        ${expiredKeys(sql`head.customer_key`, sql`head.decided_at`)} as due
      where head.customer_key = any(${customerKeys}::uuid[])
      limit ${AT_ONCE}::integer
    ) as due
      cross join lateral ${reservationWithKey(sql`due.customer_key`, sql`due.reservation_key`)} r`,
  )
}

/** A relation: one row if a reservation has expired by `at` but is stored as open. */
export const firstExpired = (customerKey: Sql, at: Sql): Sql => sql`(
  select from reservations r
  where r.customer_key = ${customerKey} and r.status = 'open' and r.expires_at <= ${at} limit 1)`

/** Returns open reservations of a customer. At most `AT_ONCE`. */
export async function findOpen(tx: Tx, customerKey: Uuid): Promise<Reservation[]> {
  return tx.many(
    reservationRow,
    sql`
    select ${columns} from reservations r
    where r.customer_key = ${customerKey}::uuid and r.status = 'open'
    order by r.expires_at limit ${AT_ONCE}::integer`,
  )
}

/**
 * Returns the open reservations of a customer that have expired by `now`, and the first `next` of
 * those that expire later, in the order of their expiry.
 */
export async function findNextToExpire(
  reader: Reader,
  customerKey: Uuid,
  { now, next }: { now: Instant; next: number },
): Promise<Reservation[]> {
  const isOpen = sql`r.customer_key = ${customerKey}::uuid and r.status = 'open'`
  const instant = sql`${instantToWire(now)}::timestamptz`
  return reader.many(
    reservationRow,
    sql`
    (select ${columns} from reservations r
      where ${isOpen} and r.expires_at <= ${instant}
      order by r.expires_at, r.reservation_key)
    union all
    (select ${columns} from reservations r
      where ${isOpen} and r.expires_at > ${instant}
      order by r.expires_at, r.reservation_key limit ${next}::integer)`,
  )
}

/** A filter by the statuses that reservations have at `now`. With null, there is no filter. */
export type ReservationFilter = {
  statuses: readonly Reservation['status'][] | null
  now: Instant
  page: PageRequest
}

/** A customer's reservations, newest first. */
export const listReservations = pageReader(
  (customerKey: Uuid, { statuses, now, page }: ReservationFilter) => ({
    row: reservationRow,
    select: sql`select ${columns} from reservations r`,
    table: sql`reservations r`,
    of: sql`r.customer_key = ${customerKey}::uuid`,
    where: [statuses && hasStatus(statuses, now)],
    large: [
      sql`dimensions`,
      sql`entity_keys`,
      sql`assignment_keys`,
      sql`assignment_revisions`,
      sql`assignment_windows`,
    ],
    key: sql`r.reservation_key`,
    page,
  }),
)

/** If only `open` is sought, the condition can use the index of open reservations. */
function hasStatus(statuses: readonly Reservation['status'][], now: Instant): Sql {
  const at = instantToWire(now)
  if (statuses.every((status) => status === 'open'))
    return sql`r.status = 'open' and r.expires_at > ${at}::timestamptz`
  return sql`
    case when r.status = 'open' and r.expires_at <= ${at}::timestamptz
      then 'expired' else r.status end = any(${statuses}::text[])`
}
