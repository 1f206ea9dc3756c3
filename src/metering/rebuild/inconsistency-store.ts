import { column, type Reader, row, sql } from '../../db/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { NO_RESOURCE } from '../types.ts'
import { type ComparisonQuery, comparison } from './comparison.ts'

/** The key of a record. */
export type RecordKey = { eventKey: Uuid; occurredAt: Instant }

const recordFields = { eventKey: column.uuid, occurredAt: column.instant }
const recordRow = row<RecordKey>(recordFields)

/**
 * Returns the first `limit` records of a customer that contradict themselves: their lists have
 * different lengths, or they counted something other than what was sent. Their amounts and postings
 * are unknown.
 */
export const findInconsistentRecords = comparison(
  recordRow,
  ({ customerKey, limit }) => sql`
    select event_key, occurred_at, count(*) over () as differing
    from usage_events
    where customer_key = ${customerKey}::uuid and (
      array_position(feature_keys, null) is not null or array_position(amounts, null) is not null
      or cardinality(amounts) <> cardinality(feature_keys)
      or cardinality(marks) <> cardinality(feature_keys)
      or array_position(assignment_keys, null) is not null
      or array_position(assignment_revisions, null) is not null
      or array_position(assignment_windows, null) is not null
      or array_position(assignment_deltas, null) is not null
      or cardinality(assignment_revisions) is distinct from cardinality(assignment_keys)
      or cardinality(assignment_windows) is distinct from cardinality(assignment_keys)
      or cardinality(assignment_deltas) is distinct from cardinality(assignment_keys)
      or (kind in ('REPORT', 'CONSUME', 'COMMIT') and amounts is distinct from array[value]))
    order by event_key limit ${limit}::integer`,
)

const nameRow = row({ ...recordFields, name: column.from('key_hash', column.uuid) })

/**
 * Returns the first `limit` deduplication keys of a customer, unexpired at `now`, whose record or
 * reservation does not exist. The key of a decision that made neither refers to the decision
 * itself.
 */
export const findOrphanedDedupKeys = comparison(
  nameRow,
  ({ customerKey, now, limit }: ComparisonQuery & { now: Instant }) => sql`
    select name.key_hash, name.event_key, name.occurred_at, count(*) over () as differing
    from usage_keys name
      cross join lateral (
        select coalesce((name.answer->>'recorded')::boolean, true),
          coalesce((name.answer->>'isGranted')::boolean, true)
      ) as decided (is_recorded, is_granted)
    where name.customer_key = ${customerKey}::uuid
      and name.kept_until > ${instantToWire(now)}::timestamptz and case
      when is_recorded then not exists (
        select from usage_events event
        where event.customer_key = name.customer_key and event.occurred_at = name.occurred_at
          and event.event_key = name.event_key)
      when is_granted then not exists (
        select from reservations held
        where held.customer_key = name.customer_key and held.reservation_key = name.event_key)
      else false end
    order by name.key_hash limit ${limit}::integer`,
)

/** How many records of a customer counted for a feature, or for a resource. */
export type CountedBy = { what: 'feature' | 'resource'; key: Uuid; records: number }

const countedRow = row({
  what: column.oneOf('feature', 'resource'),
  key: column.uuid,
  records: column.integer,
})

/** Returns all features and resources that records of a customer counted for. */
export const readCountedBy = (reader: Reader, customerKey: Uuid): Promise<CountedBy[]> =>
  reader.many(
    countedRow,
    sql`
    select what, key, count(*) as records
    from usage_events event cross join lateral (
      select 'feature' as what, key from unnest(event.feature_keys) as of (key)
      union all
      select 'resource', event.resource_key where event.resource_key <> ${NO_RESOURCE}::uuid
    ) as counted
    where customer_key = ${customerKey}::uuid and key is not null
    group by what, key order by what, key`,
  )

/** The numbers of rows of a customer's usage. Of reservations, only open ones are counted. */
export type UsageSize = Record<'records' | 'names' | 'totals' | 'marks' | 'reservations', number>

const sizeRow = row({
  records: column.integer,
  names: column.integer,
  totals: column.integer,
  marks: column.integer,
  reservations: column.integer,
})

export const readSize = (reader: Reader, customerKey: Uuid): Promise<UsageSize> =>
  reader.one(
    sizeRow,
    sql`
    select
      (select count(*) from usage_events where customer_key = ${customerKey}::uuid) as records,
      (select count(*) from usage_keys where customer_key = ${customerKey}::uuid) as names,
      (select count(*) from usage_totals where customer_key = ${customerKey}::uuid) as totals,
      (select count(*) from usage_marks where customer_key = ${customerKey}::uuid) as marks, (
        select count(*) from reservations
        where customer_key = ${customerKey}::uuid and status = 'open') as reservations`,
  )
