import type { App } from '../app.ts'
import { renewedKey, rows, sql, type Tx } from '../db/index.ts'
import { PURGE_STEP_ROWS } from '../jobs/index.ts'
import type { Ahead } from '../kernel/ahead.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { firstKeyAt } from '../kernel/ids.ts'
import type { Origin } from '../kernel/origin.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Event } from './types.ts'
import { replacedBy } from './what-changed.ts'

export type PublishContext = { app: App; scope: Scope; now: Instant; origin: Origin }

/** All of a deleted object; otherwise only the values that were replaced. */
const replaced = ({ before, after }: Event): object | null =>
  before === null || after === null ? before : replacedBy(before, after)

const textOrNull = (value: object | null) => (value === null ? null : JSON.stringify(value))

/**
 * Writes events in the given order, in the transaction of their changes. So an event exists exactly
 * if its change is committed. One statement for any number of events.
 */
export async function publish(
  tx: Tx,
  { app, scope, now, origin }: PublishContext,
  announcements: readonly Event[],
): Promise<void> {
  if (announcements.length === 0) return
  await tx.execute(sql`
    insert into outbox (customer_key, event_key, environment_key, type, object_id, before, after,
      actor_kind, actor_id, operation, trace_id, request_digest, occurred_at)
    select coalesce(customer_key, ${scope.environmentKey}::uuid), event_key,
      ${scope.environmentKey}::uuid, type, object_id, before, after,
      ${origin.actor.kind}::text, ${origin.actor.id}::text, ${origin.operation}::text,
      ${origin.traceId}::text, ${origin.requestDigest}::bigint, ${instantToWire(now)}::timestamptz
    from ${rows(announcements, {
      customer_key: ['uuid', (event) => event.customerKey],
      event_key: ['uuid', () => app.ids.next(now)],
      type: ['text', (event) => event.type],
      object_id: ['text', (event) => event.objectId],
      before: ['jsonb', (event) => textOrNull(replaced(event))],
      after: ['jsonb', (event) => textOrNull(event.after)],
    })} as event`)
}

/**
 * Deletes the oldest events of an environment that are earlier than `before`. Returns their number.
 */
export const deleteEventsBefore = (tx: Tx, scope: Scope, before: Instant): Promise<number> =>
  tx.execute(sql`
    delete from outbox where (customer_key, event_key) in (
      select customer_key, event_key from outbox
      where environment_key = ${scope.environmentKey}::uuid
        and event_key < ${firstKeyAt(before)}::uuid
      order by event_key limit ${PURGE_STEP_ROWS}::integer)`)

/**
 * Moves events from the future to `at` and keeps their order. Their keys are renewed, because
 * lists, time filters and purging use the keys. The objects in the events stay unchanged.
 */
export const turnEventsBack = (tx: Tx, { at, beyond }: Ahead): Promise<number> =>
  tx.execute(sql`
    with moving as materialized (
      select customer_key, event_key,
        ${renewedKey(at, sql`row_number() over (order by event_key)`, sql`event_key`)} as key
      from outbox where occurred_at > ${instantToWire(beyond)}::timestamptz
    )
    update outbox event set event_key = moving.key, occurred_at = ${instantToWire(at)}::timestamptz
    from moving
    where event.customer_key = moving.customer_key and event.event_key = moving.event_key`)
