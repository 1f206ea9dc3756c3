import { column, type Reader, row, sql, type Tx } from '../db/index.ts'
import type { Ahead } from '../kernel/ahead.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Owner } from '../kernel/scope.ts'
import { subscriptionColumns, subscriptionRow } from './line-store.ts'
import { insertRevisions } from './revision-store.ts'
import type { Revision } from './revisions.ts'

export type PlacedRevision = Revision & { lineKey: Uuid }

const revisionRow = row<PlacedRevision>({
  lineKey: column.uuid,
  revision: column.integer,
  since: column.instant,
  until: column.nullable(column.instant),
  subscription: column.group(subscriptionRow),
})

/**
 * Returns all revisions, in their order, of those subscriptions of a customer that have an instant
 * in the future which only a wrong clock can have written.
 */
export const findRevisionsAhead = (
  reader: Reader,
  customerKey: Uuid,
  { beyond }: Ahead,
): Promise<PlacedRevision[]> => {
  const at = sql`${instantToWire(beyond)}::timestamptz`
  return reader.many(
    revisionRow,
    sql`
    select r.line_key, r.until, ${subscriptionColumns}
    from subscriptions s join subscription_revisions r using (customer_key, subscription_key)
    where s.customer_key = ${customerKey}::uuid and (s.created_at > ${at} or exists (
      select from subscription_revisions ahead
      where ahead.customer_key = s.customer_key and ahead.subscription_key = s.subscription_key
        and (ahead.since > ${at} or ahead.closed_at > ${at} or ahead.period_start > ${at})))
    order by s.subscription_key, r.revision`,
  )
}

/** Replaces all revisions of subscriptions. */
export async function replaceRevisions(
  tx: Tx,
  owner: Owner,
  revisions: readonly PlacedRevision[],
): Promise<void> {
  const keys = revisions.map(({ subscription }) => subscription.key)
  await tx.execute(sql`
    delete from subscription_revisions
    where customer_key = ${owner.customerKey}::uuid and subscription_key = any(${keys}::uuid[])`)
  for (const [lineKey, ofLine] of Map.groupBy(revisions, (each) => each.lineKey))
    await insertRevisions(tx, { ...owner, lineKey }, ofLine)
}

/** Moves settlements and creations in the future to the present. */
export async function turnMembersBack(
  tx: Tx,
  customerKey: Uuid,
  { at, beyond }: Ahead,
): Promise<void> {
  const instant = (of: Instant) => sql`${instantToWire(of)}::timestamptz`
  await tx.execute(sql`
    update subscription_lines set settled_at = ${instant(at)}
    where customer_key = ${customerKey}::uuid and settled_at > ${instant(beyond)}`)
  await tx.execute(sql`
    update subscriptions set created_at = ${instant(at)}
    where customer_key = ${customerKey}::uuid and created_at > ${instant(beyond)}`)
}
