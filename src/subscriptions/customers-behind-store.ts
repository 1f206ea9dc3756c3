import { customerWithKey } from '../customers/index.ts'
import { column, type Reader, readValue, row, sql } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { SUBSCRIPTION_LIMIT } from './require-place.ts'
import type { Pin } from './types.ts'

/** The most subscriptions that one statement looks at: more than those of any one customer. */
const LOOKED_AT_LIMIT = 2 * SUBSCRIPTION_LIMIT

const customerRow = row({
  customerKey: column.uuid,
  isBehind: column.boolean,
  looked: column.integer,
})

/**
 * Returns customers that have a subscription in force with an older version of a package, in the
 * order of their keys, from the one behind `after` on. `next` is the last customer that was looked
 * at, or null at the end.
 */
export async function customersBehind(
  reader: Reader,
  scope: Scope,
  { packageKey, version }: Pin,
  after: Uuid | null,
): Promise<{ items: Uuid[]; next: Uuid | null }> {
  const found = await reader.many(
    customerRow,
    sql`
    select customer_key, bool_or(is_behind) as is_behind, count(*)::integer as looked
    from (
      select r.customer_key, r.status in ('ACTIVE', 'IN_TRIAL') and exists (
          select from jsonb_to_recordset(r.pins) as pin ("packageKey" uuid, version integer)
          where pin."packageKey" = ${packageKey}::uuid and pin.version < ${version}::integer
        ) as is_behind
      from subscription_revisions r
      where r.environment_key = ${scope.environmentKey}::uuid
        and r.until is null and r.closed_at is null
        and r.customer_key > ${after ?? FIRST}::uuid
      order by r.customer_key, r.subscription_key limit ${LOOKED_AT_LIMIT}::integer
    ) as looked_at
    group by customer_key order by customer_key`,
  )
  const looked = found.reduce((sum, each) => sum + each.looked, 0)
  const isEnd = looked < LOOKED_AT_LIMIT
  // The last customer of a full page may have more subscriptions.
  const whole = isEnd ? found : found.slice(0, -1)
  const items = whole.filter(({ isBehind }) => isBehind).map(({ customerKey }) => customerKey)
  return { items, next: isEnd ? null : (whole.at(-1)?.customerKey ?? null) }
}

/** Before the key of any customer. */
const FIRST: Uuid = '00000000-0000-0000-0000-000000000000'

/** Returns the id of the customer with a key. */
export const customerIdOf = (reader: Reader, customerKey: Uuid): Promise<string> =>
  readValue(
    reader,
    column.text,
    sql`select id from ${customerWithKey(sql`${customerKey}::uuid`)} customer`,
  )
