import { column, type Reader, row, sql } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { firstKeyAt } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'

/** A change that a request has published. */
export type Change = {
  type: string
  objectId: string
  before: Readonly<Record<string, unknown>> | null
  after: Readonly<Record<string, unknown>> | null
}

/** All changes of a request. */
export type RequestChanges = {
  /** In the order in which they were made. */
  changes: readonly Change[]
  /** Whether one of their objects was changed again since. */
  isOvertaken: boolean
}

const changeRow = row<Change>({
  type: column.text,
  objectId: column.text,
  before: column.nullable(column.json<Record<string, unknown>>()),
  after: column.nullable(column.json<Record<string, unknown>>()),
})
const doneRow = row({ change: column.group(changeRow), isOvertaken: column.boolean })

/** Returns the changes of the last request with this digest since `since`, or null. */
export async function findRequestChanges(
  reader: Reader,
  scope: Scope,
  { requestDigest, since }: { requestDigest: string; since: Instant },
): Promise<RequestChanges | null> {
  const found = await reader.many(
    doneRow,
    sql`
    select o.type, o.object_id, o.before, o.after, exists (
      select from outbox later
      where later.environment_key = o.environment_key and later.object_id = o.object_id
        and later.event_key > o.event_key and later.customer_key = o.customer_key
        and later.transaction_id <> o.transaction_id) as is_overtaken
    from outbox o
    where o.environment_key = ${scope.environmentKey}::uuid
      and o.request_digest = ${requestDigest}::bigint and o.event_key >= ${firstKeyAt(since)}::uuid
      and o.occurred_at > ${instantToWire(since)}::timestamptz
      and o.transaction_id = (
        select last.transaction_id from outbox last
        where last.environment_key = ${scope.environmentKey}::uuid
          and last.request_digest = ${requestDigest}::bigint
          and last.event_key >= ${firstKeyAt(since)}::uuid
        order by last.event_key desc limit 1)
    order by o.event_key`,
  )
  if (found.length === 0) return null
  return {
    changes: found.map(({ change }) => change),
    isOvertaken: found.some(({ isOvertaken }) => isOvertaken),
  }
}
