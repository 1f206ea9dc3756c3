import {
  arrayOfArrays,
  arrayOfJson,
  bareArray,
  column,
  type Reader,
  row,
  sql,
  type Tx,
} from '../../db/index.ts'
import { instantToWire } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { type Quantity, quantityToSql } from '../../kernel/quantity.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Posting, UsageRecord } from '../types.ts'

const quantities = (amounts: readonly Quantity[]): string => bareArray(amounts.map(quantityToSql))

/** Arrays of keys as text; records with the same dimensions share theirs. */
function textsOfKeys() {
  const texts = new Map<readonly Uuid[], string>()
  return (keys: readonly Uuid[]): string => {
    const before = texts.get(keys)
    if (before !== undefined) return before
    const text = bareArray(keys)
    texts.set(keys, text)
    return text
  }
}

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
  const of = (text: (record: UsageRecord) => string | null) => bareArray(records.map(text))
  const arrays = (text: (record: UsageRecord) => string | null) => arrayOfArrays(records.map(text))
  const keysOf = textsOfKeys()
  const ofPostings = (text: (posting: Posting) => string) =>
    arrays(({ attribution }) => attribution && bareArray(attribution.postings.map(text)))
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
      ${of(({ customerKey }) => customerKey)}::uuid[],
      ${of(({ occurredAt }) => instantToWire(occurredAt))}::timestamptz[],
      ${of(({ eventKey }) => eventKey)}::uuid[],
      ${of(({ acceptedAt }) => instantToWire(acceptedAt))}::timestamptz[],
      ${of(({ kind }) => kind)}::text[],
      ${records.map(({ eventName }) => eventName)}::text[],
      ${of(({ value }) => (value === null ? null : quantityToSql(value)))}::numeric[],
      ${of(({ resourceKey }) => resourceKey)}::uuid[],
      ${arrayOfJson(records.map(({ dimensions }) => dimensions))}::text[],
      ${arrays(({ measured }) => bareArray(measured.map(({ featureKey }) => featureKey)))}::text[],
      ${arrays(({ measured }) => quantities(measured.map(({ amount }) => amount)))}::text[],
      ${records.map(marksOf)}::text[],
      ${arrays(({ attribution }) => attribution && keysOf(attribution.direct))}::text[],
      ${arrays(({ attribution }) => attribution && keysOf(attribution.entities))}::text[],
      ${ofPostings(({ assignmentKey }) => assignmentKey)}::text[],
      ${ofPostings(({ revision }) => String(revision))}::text[],
      ${ofPostings(({ window }) => instantToWire(window.start))}::text[],
      ${ofPostings(({ delta }) => quantityToSql(delta))}::text[]
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
