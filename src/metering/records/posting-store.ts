import { type Sql, sql } from '../../db/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import { firstKeyAt, type Uuid } from '../../kernel/ids.ts'
import { AHEAD_LIMIT_MS } from '../types.ts'

/**
 * A subquery: the postings on a customer's records that occurred at `from` or later, or on all.
 * Columns: assignment_key, revision, window_start, delta; and of the record event_key, occurred_at,
 * whether it was a SET (is_set), what it counted (feature_keys, amounts) and its entities
 * (entity_keys). The time grows with the number of records.
 */
export function postingsFrom(customerKey: Uuid, from: Instant | null): Sql {
  const bounds =
    from === null
      ? sql``
      : sql`
        and event.occurred_at >= ${instantToWire(from)}::timestamptz
        and event.event_key >= ${firstKeyAt(from - AHEAD_LIMIT_MS)}::uuid`
  return sql`(
    select posting.assignment_key, posting.revision, posting.window_start, posting.delta,
      event.event_key, event.occurred_at, event.kind = 'SET' as is_set,
      event.feature_keys, event.amounts, event.entity_keys
    from usage_events event
      cross join lateral unnest(event.assignment_keys, event.assignment_revisions,
        event.assignment_windows, event.assignment_deltas)
        as posting (assignment_key, revision, window_start, delta)
    where event.customer_key = ${customerKey}::uuid ${bounds}
      and (posting.assignment_key, posting.revision, posting.window_start) is not null)`
}
