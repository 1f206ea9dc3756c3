import { column, type Reader, row, sql, type Tx } from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'
import { quantityToSql } from '../kernel/quantity.ts'
import type { Scope } from '../kernel/scope.ts'
import { instants, integers, quantities, uuids } from './array-literals.ts'
import type { UsageRecord } from './types.ts'

const marksOf = ({ measured }: UsageRecord): string | null =>
  measured.some(({ mark }) => mark !== null)
    ? JSON.stringify(measured.map(({ mark }) => mark))
    : null

/** Adds records. One statement, whatever their number. */
export async function addRecords(
  tx: Tx,
  scope: Scope,
  records: readonly UsageRecord[],
): Promise<void> {
  if (records.length === 0) return
  const postings = records.map(({ attribution }) => attribution?.postings ?? null)
  await tx.execute(sql`
    insert into usage_events (customer_key, occurred_at, event_key, environment_key, accepted_at,
      kind, event_name, value, resource_key, dimensions, feature_keys, amounts, marks,
      direct_entity_keys, entity_keys, assignment_keys, assignment_revisions, assignment_windows,
      assignment_deltas)
    select customer_key, occurred_at, event_key, ${scope.environmentKey}::uuid, accepted_at, kind,
      event_name, value, resource_key, dimensions::jsonb, feature_keys::uuid[],
      amounts::numeric(30,10)[],
      case when marks is not null then array(select json_array_elements_text(marks::json)) end,
      direct_entity_keys::uuid[], entity_keys::uuid[], assignment_keys::uuid[],
      assignment_revisions::integer[], assignment_windows::timestamptz[],
      assignment_deltas::numeric(30,10)[]
    from unnest(
      ${records.map(({ customerKey }) => customerKey)}::uuid[],
      ${records.map(({ occurredAt }) => instantToWire(occurredAt))}::timestamptz[],
      ${records.map(({ eventKey }) => eventKey)}::uuid[],
      ${records.map(({ acceptedAt }) => instantToWire(acceptedAt))}::timestamptz[],
      ${records.map(({ kind }) => kind)}::text[],
      ${records.map(({ eventName }) => eventName)}::text[],
      ${records.map(({ value }) => (value === null ? null : quantityToSql(value)))}::numeric[],
      ${records.map(({ resourceKey }) => resourceKey)}::uuid[],
      ${records.map(({ dimensions }) => dimensions)}::text[],
      ${records.map(({ measured }) => uuids(measured.map((each) => each.featureKey)))}::text[],
      ${records.map(({ measured }) => quantities(measured.map((each) => each.amount)))}::text[],
      ${records.map(marksOf)}::text[],
      ${records.map(({ attribution }) => attribution && uuids(attribution.direct))}::text[],
      ${records.map(({ attribution }) => attribution && uuids(attribution.entities))}::text[],
      ${postings.map((own) => own && uuids(own.map((each) => each.assignmentKey)))}::text[],
      ${postings.map((own) => own && integers(own.map((each) => each.revision)))}::text[],
      ${postings.map((own) => own && instants(own.map((each) => each.window.start)))}::text[],
      ${postings.map((own) => own && quantities(own.map((each) => each.delta)))}::text[]
    ) as record (customer_key, occurred_at, event_key, accepted_at, kind, event_name, value,
      resource_key, dimensions, feature_keys, amounts, marks, direct_entity_keys, entity_keys,
      assignment_keys, assignment_revisions, assignment_windows, assignment_deltas)`)
}

const keyRow = row({ event_key: column.uuid })

/** Whether a record is there. */
export const hasRecord = async (
  reader: Reader,
  {
    customerKey,
    occurredAt,
    eventKey,
  }: Pick<UsageRecord, 'customerKey' | 'occurredAt' | 'eventKey'>,
): Promise<boolean> =>
  (await reader.maybeOne(
    keyRow,
    sql`
    select event_key from usage_events
    where customer_key = ${customerKey}::uuid
      and occurred_at = ${instantToWire(occurredAt)}::timestamptz
      and event_key = ${eventKey}::uuid`,
  )) !== null
