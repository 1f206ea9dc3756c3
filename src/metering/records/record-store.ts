import { hasRow, type Reader, rows, rowWriter, sql } from '../../db/index.ts'
import { instantToWire } from '../../kernel/clock.ts'
import type { Scope } from '../../kernel/scope.ts'
import { attributionColumns, ofPostings } from '../columns.ts'
import type { UsageRecord } from '../types.ts'

const marksOf = ({ measured }: UsageRecord): (string | null)[] | null =>
  measured.some(({ mark }) => mark !== null) ? measured.map(({ mark }) => mark) : null

/** Inserts any number of records with one statement. */
export const addRecords = rowWriter<Scope, UsageRecord>(
  (scope, records) => sql`
    insert into usage_events (customer_key, occurred_at, event_key, environment_key, accepted_at,
      kind, event_name, value, resource_key, dimensions, feature_keys, amounts, marks,
      direct_entity_keys, entity_keys, assignment_keys, assignment_revisions, assignment_windows,
      assignment_deltas)
    select customer_key, occurred_at, event_key, ${scope.environmentKey}::uuid, accepted_at, kind,
      event_name, value, resource_key, dimensions, feature_keys, amounts, marks,
      direct_entity_keys, entity_keys, assignment_keys, assignment_revisions, assignment_windows,
      assignment_deltas
    from ${rows(records, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      occurred_at: ['timestamptz', ({ occurredAt }) => occurredAt],
      event_key: ['uuid', ({ eventKey }) => eventKey],
      accepted_at: ['timestamptz', ({ acceptedAt }) => acceptedAt],
      kind: ['text', ({ kind }) => kind],
      event_name: ['text', ({ eventName }) => eventName],
      value: ['numeric', ({ value }) => value],
      resource_key: ['uuid', ({ resourceKey }) => resourceKey],
      dimensions: ['jsonb', ({ dimensions }) => dimensions],
      feature_keys: ['uuid[]', ({ measured }) => measured.map(({ featureKey }) => featureKey)],
      amounts: ['numeric[]', ({ measured }) => measured.map(({ amount }) => amount)],
      marks: ['text[]', marksOf],
      ...attributionColumns,
      assignment_deltas: ['numeric[]', (record) => ofPostings(record, ({ delta }) => delta)],
    })} as record`,
)

/** Returns whether a record exists. */
export const hasRecord = (
  reader: Reader,
  {
    customerKey,
    occurredAt,
    eventKey,
  }: Pick<UsageRecord, 'customerKey' | 'occurredAt' | 'eventKey'>,
): Promise<boolean> =>
  hasRow(
    reader,
    sql`
    select 1 from usage_events
    where customer_key = ${customerKey}::uuid
      and occurred_at = ${instantToWire(occurredAt)}::timestamptz
      and event_key = ${eventKey}::uuid`,
  )
