import type { Reader, RowColumns, Sql } from '../../db/index.ts'
import {
  column,
  databaseClock,
  numberedRows,
  readOfEach,
  row,
  rows,
  rowsOfAnyNumber,
  rowWriter,
  sql,
} from '../../db/index.ts'
import type { Clock, Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { DedupKey } from './dedup-key.ts'

/** The deduplication key of a customer's record. */
export type DedupKeyOf = { customerKey: Uuid; name: DedupKey }

/** The record that has a deduplication key. */
export type DedupRecord = { eventKey: Uuid; occurredAt: Instant }

const namedRow = row<DedupRecord>({ eventKey: column.uuid, occurredAt: column.instant })

/** A deduplication key, and the instant of the look-up. */
export type DedupQuery = DedupKeyOf & { now: Instant }

/**
 * An SQL fragment: `known` are the stored deduplication keys among `asked`, with their `position`
 * from 1. A key counts until it has expired both by `now` and by the database's clock, because
 * `now` may be ahead. Each key is looked up in a lateral join. A plain join may get a plan for a
 * small table, which stays cached while the table becomes very large.
 */
export const knownBy = (names: readonly DedupQuery[], clock: Clock): Sql => sql`
  ${numberedRows(names, {
    customer_key: ['uuid', ({ customerKey }) => customerKey],
    key_hash: ['uuid', ({ name }) => name],
    now_at: ['timestamptz', ({ now }) => now],
  })} as asked
    cross join lateral (
      select * from usage_keys k
      where k.customer_key = asked.customer_key and k.key_hash = asked.key_hash limit 1) known
  where known.kept_until > least(asked.now_at, ${databaseClock(clock)})`

/** A condition: none of these deduplication keys is stored, not even as an expired one. */
export const areNewKeys = (keys: readonly DedupKeyOf[]): Sql => sql`
  not exists (
    select from ${rowsOfAnyNumber(keys, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      key_hash: ['uuid', ({ name }) => name],
    })} as asked
      cross join lateral (
        select from usage_keys k
        where k.customer_key = asked.customer_key and k.key_hash = asked.key_hash limit 1) known)`

/** A deduplication key, its record, and until when it counts. */
export type DedupEntry = DedupKeyOf & DedupRecord & { keptUntil: Instant }

/** Columns for `rows`: a deduplication key and its record. */
export const dedupColumns: RowColumns<DedupEntry> = {
  customer_key: ['uuid', ({ customerKey }) => customerKey],
  key_hash: ['uuid', ({ name }) => name],
  event_key: ['uuid', ({ eventKey }) => eventKey],
  occurred_at: ['timestamptz', ({ occurredAt }) => occurredAt],
  kept_until: ['timestamptz', ({ keptUntil }) => keptUntil],
}

/** The end of an insert of `dedupColumns` that replaces stored keys. More columns may follow. */
export const replacingKeys: Sql = sql`
  on conflict (customer_key, key_hash) do update set
    event_key = excluded.event_key, occurred_at = excluded.occurred_at,
    kept_until = excluded.kept_until`

/**
 * Returns the records of deduplication keys, in the order of the keys, as `knownBy` finds them.
 * Null where there is none.
 */
export async function findDedupRecords(
  reader: Reader,
  clock: Clock,
  names: readonly DedupQuery[],
): Promise<(DedupRecord | null)[]> {
  const found = await readOfEach(reader, names, {
    row: namedRow,
    statement: sql`
      select asked.position, known.event_key, known.occurred_at
      from ${knownBy(names, clock)} and known.answer is null`,
  })
  return found.map(([record]) => record ?? null)
}

const insertDedupKeys = (scope: Scope, names: readonly DedupEntry[]): Sql => sql`
  insert into usage_keys (customer_key, key_hash, environment_key, event_key, occurred_at,
    kept_until)
  select customer_key, key_hash, ${scope.environmentKey}::uuid, event_key, occurred_at, kept_until
  from ${rows(names, dedupColumns)} as name`

/** Stores deduplication keys of records, which must be new; fails if a key exists. */
export const addDedupKeys = rowWriter<Scope, DedupEntry>(insertDedupKeys)

/** Stores deduplication keys of records. A stored key must have expired; then it is replaced. */
export const saveDedupKeys = rowWriter<Scope, DedupEntry>(
  (scope, names) => sql`
    ${insertDedupKeys(scope, names)}
    ${replacingKeys}`,
)
