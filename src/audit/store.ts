import { customerNamed } from '../customers/index.ts'
import { column, nothing, type Reader, readRows, row, sql } from '../db/index.ts'
import { firstKeyAt, type Uuid } from '../kernel/ids.ts'
import type { PageRows } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Entry, EntryFilter } from './types.ts'

const entryRow = row<Entry>({
  key: column.from('event_key', column.uuid),
  type: column.text,
  customerId: column.nullable(column.text),
  objectId: column.text,
  origin: column.group(
    row({
      actor: column.group(
        row({
          kind: column.from('actor_kind', column.oneOf('API_KEY', 'USER', 'CLI', 'SYSTEM')),
          id: column.from('actor_id', column.text),
        }),
      ),
      operation: column.text,
      traceId: column.nullable(column.text),
    }),
  ),
  before: column.nullable(column.json<Record<string, unknown>>()),
  after: column.nullable(column.json<Record<string, unknown>>()),
  occurredAt: column.instant,
})

/** Entries of an environment, newest first. The joined customer is found by its key, a row each. */
export async function listEntries(
  reader: Reader,
  scope: Scope,
  filter: EntryFilter,
): Promise<PageRows<Entry>> {
  const { types, objectId, customerId, actorId, occurred } = filter
  const from = occurred.from === null ? null : firstKeyAt(occurred.from)
  const until = occurred.until === null ? null : firstKeyAt(occurred.until)
  const ofCustomer =
    customerId === null ? nothing : sql`and o.customer_key = ${customerNamed(scope, customerId)}`
  return readRows(reader, {
    row: entryRow,
    select: sql`
    select o.event_key, o.type, c.id as customer_id, o.object_id, o.actor_kind, o.actor_id,
      o.operation, o.trace_id, o.before, o.after, o.occurred_at
    from outbox o left join customers c using (customer_key)
    where o.environment_key = ${scope.environmentKey}::uuid
      ${types === null ? nothing : sql`and o.type = any(${types}::text[])`}
      ${objectId === null ? nothing : sql`and o.object_id = ${objectId}::text`}
      ${actorId === null ? nothing : sql`and o.actor_id = ${actorId}::text`}
      ${ofCustomer}
      ${from === null ? nothing : sql`and o.event_key >= ${from}::uuid`}
      ${until === null ? nothing : sql`and o.event_key < ${until}::uuid`}`,
    key: { in: sql`o.event_key`, out: sql`event_key` },
    page: filter.page,
  })
}

const keyRow = row({ eventKey: column.uuid })

export const entryExists = async (reader: Reader, scope: Scope, key: Uuid): Promise<boolean> =>
  (await reader.maybeOne(
    keyRow,
    sql`
    select event_key from outbox
    where environment_key = ${scope.environmentKey}::uuid and event_key = ${key}::uuid`,
  )) !== null
