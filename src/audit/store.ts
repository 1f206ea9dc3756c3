import { customerNamed } from '../customers/index.ts'
import { column, pageReader, row, sql } from '../db/index.ts'
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
export const listEntries = pageReader(
  (scope: Scope, { types, objectId, customerId, actorId, occurred, page }: EntryFilter) => ({
    row: entryRow,
    select: sql`
    select o.event_key, o.type, c.id as customer_id, o.object_id, o.actor_kind, o.actor_id,
      o.operation, o.trace_id, o.before, o.after, o.occurred_at
    from outbox o left join customers c using (customer_key)`,
    table: sql`outbox o`,
    of: sql`o.environment_key = ${scope.environmentKey}::uuid`,
    where: [
      types && sql`o.type = any(${types}::text[])`,
      objectId === null ? null : sql`o.object_id = ${objectId}::text`,
      actorId === null ? null : sql`o.actor_id = ${actorId}::text`,
      customerId === null ? null : sql`o.customer_key = ${customerNamed(scope, customerId)}`,
    ],
    created: occurred,
    large: [sql`before`, sql`after`],
    key: sql`o.event_key`,
    page,
  }),
)
