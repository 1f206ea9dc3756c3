import type { App } from '../app.ts'
import { column, type Reader, readValue, row, sql } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { firstKeyAt } from '../kernel/ids.ts'
import type { Origin } from '../kernel/origin.ts'
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

/** How long after its response a request may be retried, in milliseconds. */
export const RETRIED_MS = 2 * 60_000

type RetryCall = { app: Pick<App, 'clock'>; scope: Scope; origin: Pick<Origin, 'requestDigest'> }

/** Since when the original of a retry may have been executed. */
const sinceOf = ({ app }: RetryCall): Instant => app.clock.now() - RETRIED_MS

/** Returns the changes of the last request with the digest of a retry, or null. */
export async function findOriginal(
  reader: Reader,
  call: RetryCall,
): Promise<RequestChanges | null> {
  const { scope, origin } = call
  const { requestDigest } = origin
  if (requestDigest === null) return null
  const since = sinceOf(call)
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

/** Returns whether a request with the digest of a retry has changed an object. */
export async function hasOriginal(
  reader: Reader,
  call: RetryCall,
  objectId: string,
): Promise<boolean> {
  const { scope, origin } = call
  if (origin.requestDigest === null) return false
  const since = sinceOf(call)
  return readValue(
    reader,
    column.boolean,
    sql`
    select exists (
      select from outbox
      where environment_key = ${scope.environmentKey}::uuid
        and request_digest = ${origin.requestDigest}::bigint
        and event_key >= ${firstKeyAt(since)}::uuid
        and occurred_at > ${instantToWire(since)}::timestamptz and object_id = ${objectId}::text)`,
  )
}
