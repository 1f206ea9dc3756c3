import { column, type Reader, row, sql } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Change } from './find-changes.ts'

const changeRow = row<Change & { occurredAt: Instant }>({
  type: column.text,
  objectId: column.text,
  before: column.nullable(column.json<Record<string, unknown>>()),
  after: column.nullable(column.json<Record<string, unknown>>()),
  occurredAt: column.instant,
})

/**
 * Returns the changes of an object, oldest first: at most the `limit` latest ones. Those before the
 * retention of events are missing.
 */
export async function findObjectChanges(
  reader: Reader,
  scope: Scope,
  { objectId, type, limit }: { objectId: string; type: string; limit: number },
): Promise<(Change & { occurredAt: Instant })[]> {
  const found = await reader.many(
    changeRow,
    sql`
    select o.type, o.object_id, o.before, o.after, o.occurred_at from outbox o
    where o.environment_key = ${scope.environmentKey}::uuid and o.object_id = ${objectId}::text
      and o.type = ${type}::text
    order by o.event_key desc limit ${limit}::integer`,
  )
  return found.reverse()
}
