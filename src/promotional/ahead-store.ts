import { column, type Reader, row, rows, rowWriter, sql, type Tx } from '../db/index.ts'
import type { Ahead } from '../kernel/ahead.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { LIFETIME } from '../kernel/period.ts'
import { endFromSql, PERIODS } from './store.ts'
import type { PromotionalInstants } from './turn-promotional-back.ts'
import type { PromotionalEntitlement } from './types.ts'

type Revision = PromotionalInstants & Pick<PromotionalEntitlement, 'key' | 'revision'>

const timedRow = row<Revision>({
  key: column.from('promotional_key', column.uuid),
  revision: column.integer,
  period: column.oneOf(...PERIODS),
  startsAt: column.instant,
  since: column.instant,
  endsAt: endFromSql,
  createdAt: column.instant,
  updatedAt: column.instant,
  superseded: column.boolean,
})

/**
 * Returns the revisions of a customer's promotional entitlements that were created, changed or
 * closed in the future.
 */
export async function findRevisionsAhead(
  reader: Reader,
  customerKey: Uuid,
  { beyond }: Ahead,
): Promise<Revision[]> {
  const at = sql`${instantToWire(beyond)}::timestamptz`
  return reader.many(
    timedRow,
    sql`
    select promotional_key, revision, period, starts_at, coalesce(since, starts_at) as since,
      ends_at, created_at, updated_at, superseded
    from promotional_entitlements
    where customer_key = ${customerKey}::uuid and (created_at > ${at} or updated_at > ${at}
      or starts_at > ${at} or since > ${at} or (superseded and ends_at > ${at}))`,
  )
}

/** Writes the instants of revisions. */
export const saveInstants = rowWriter<Uuid, Revision>(
  (customerKey, revisions) => sql`
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
      and given.promotional_key = timed.promotional_key and given.revision = timed.revision`,
)

const endRow = row({ key: column.from('promotional_key', column.uuid), endsAt: column.instant })

/**
 * Returns the promotional entitlements of a customer that are in force at `now` and have an end.
 */
export const findEnds = (
  reader: Reader,
  customerKey: Uuid,
  now: Instant,
): Promise<Pick<PromotionalEntitlement, 'key' | 'endsAt'>[]> =>
  reader.many(
    endRow,
    sql`
    select promotional_key, ends_at from promotional_entitlements
    where customer_key = ${customerKey}::uuid and not superseded and isfinite(ends_at)
      and ends_at > ${instantToWire(now)}::timestamptz`,
  )

const keyRow = row({ promotionalKey: column.uuid })

/**
 * Ends promotional entitlements at `at` if a later one of the same feature begins then. The later
 * one was created in the future, when the earlier one was over. Returns the keys of the ended ones.
 */
export async function endOverlapping(tx: Tx, customerKey: Uuid, at: Instant): Promise<Uuid[]> {
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
  return found.map(({ promotionalKey }) => promotionalKey)
}
