import { column, type Reader, row, rows, sql, type Tx } from '../db/index.ts'
import type { Ahead } from '../kernel/ahead.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { LIFETIME } from '../kernel/period.ts'
import type { GrantInstants } from './turn-grant-back.ts'
import type { PromotionalEntitlement } from './types.ts'

type Revision = GrantInstants & Pick<PromotionalEntitlement, 'key' | 'revision'>

const timedRow = row({
  promotional_key: column.uuid,
  revision: column.integer,
  period: column.oneOf('1 week', '1 month', '6 month', '1 year', 'lifetime', 'custom'),
  starts_at: column.instant,
  since: column.instant,
  ends_at: column.bound,
  created_at: column.instant,
  updated_at: column.instant,
  superseded: column.boolean,
})

/** The revisions of a customer's grants that were made, changed or closed in the future. */
export async function findRevisionsAhead(
  reader: Reader,
  customerKey: Uuid,
  { beyond }: Ahead,
): Promise<Revision[]> {
  const at = sql`${instantToWire(beyond)}::timestamptz`
  const found = await reader.many(
    timedRow,
    sql`
    select promotional_key, revision, period, starts_at, coalesce(since, starts_at) as since,
      ends_at, created_at, updated_at, superseded
    from promotional_entitlements
    where customer_key = ${customerKey}::uuid and (created_at > ${at} or updated_at > ${at}
      or starts_at > ${at} or since > ${at} or (superseded and ends_at > ${at}))`,
  )
  return found.map((each) => ({
    key: each.promotional_key,
    revision: each.revision,
    period: each.period,
    startsAt: each.starts_at,
    since: each.since,
    endsAt: each.ends_at === LIFETIME.end ? null : each.ends_at,
    createdAt: each.created_at,
    updatedAt: each.updated_at,
    superseded: each.superseded,
  }))
}

/** Writes the instants of revisions. */
export const saveInstants = (
  tx: Tx,
  customerKey: Uuid,
  revisions: readonly Revision[],
): Promise<number> =>
  tx.execute(sql`
    update promotional_entitlements given set starts_at = timed.starts_at, since = timed.since,
      ends_at = timed.ends_at, created_at = timed.created_at, updated_at = timed.updated_at
    from ${rows(revisions, {
      promotional_key: ['uuid', ({ key }) => key],
      revision: ['integer', ({ revision }) => revision],
      starts_at: ['timestamptz', ({ startsAt }) => startsAt],
      since: ['timestamptz', ({ since }) => since],
      ends_at: ['timestamptz', ({ endsAt }) => endsAt ?? LIFETIME.end],
      created_at: ['timestamptz', ({ createdAt }) => createdAt],
      updated_at: ['timestamptz', ({ updatedAt }) => updatedAt],
    })} as timed
    where given.customer_key = ${customerKey}::uuid
      and given.promotional_key = timed.promotional_key and given.revision = timed.revision`)

const endRow = row({ promotional_key: column.uuid, ends_at: column.instant })

/** The grants of a customer that are in force at an instant and have an end. */
export async function findEnds(
  reader: Reader,
  customerKey: Uuid,
  now: Instant,
): Promise<Pick<PromotionalEntitlement, 'key' | 'endsAt'>[]> {
  const found = await reader.many(
    endRow,
    sql`
    select promotional_key, ends_at from promotional_entitlements
    where customer_key = ${customerKey}::uuid and not superseded and isfinite(ends_at)
      and ends_at > ${instantToWire(now)}::timestamptz`,
  )
  return found.map(({ promotional_key, ends_at }) => ({ key: promotional_key, endsAt: ends_at }))
}

const keyRow = row({ promotional_key: column.uuid })

/**
 * Ends grants at an instant at which a later one of the same feature begins: it was made in the
 * future, where the earlier one was over. Answers their keys.
 */
export async function endOvertaken(tx: Tx, customerKey: Uuid, at: Instant): Promise<Uuid[]> {
  const now = sql`${instantToWire(at)}::timestamptz`
  const found = await tx.many(
    keyRow,
    sql`
    update promotional_entitlements earlier set ends_at = ${now}, updated_at = ${now}
    where customer_key = ${customerKey}::uuid and not superseded and ends_at > ${now} and exists (
      select from promotional_entitlements later
      where later.customer_key = earlier.customer_key and later.feature_key = earlier.feature_key
        and later.promotional_key > earlier.promotional_key and not later.superseded
        and later.starts_at = ${now} and later.ends_at > ${now})
    returning promotional_key`,
  )
  return found.map(({ promotional_key }) => promotional_key)
}
