import { column, type Reader, readValue, row, type Sql, sql } from '../../db/index.ts'
import { firstKeyAt, type Uuid } from '../../kernel/ids.ts'
import { boundToSql, type Window } from '../../kernel/period.ts'
import { AHEAD_LIMIT_MS, type MeterSubject, type PartialAggregate } from '../types.ts'
import { tallyRow } from './aggregate-store.ts'

/** The records of a customer that counted for a feature in a window. */
export type RecordsOf = MeterSubject & { customerKey: Uuid; window: Window }

/** Returns the number of records in a window, by days. The days at its ends count entirely. */
export const countRecords = (reader: Reader, of: RecordsOf): Promise<bigint> =>
  readValue(
    reader,
    column.bigint,
    sql`
    select coalesce(sum(day.count), 0)::bigint
    from usage_totals day
    where day.customer_key = ${of.customerKey}::uuid
      and day.feature_key = ${of.featureKey}::uuid
      and day.resource_key = ${of.resourceKey}::uuid
      and day.window_end > ${boundToSql(of.window.start)}::timestamptz
      and day.window_start < ${boundToSql(of.window.end)}::timestamptz
      and day.is_kept and isfinite(day.window_end)`,
  )

/** How many records are read to estimate the number of series. */
const PROBED = 50_000

/**
 * Returns a lower bound of the number of different dimension values, up to `most` + 1, from the
 * first records of a window. A query with too many series is refused before all records are read.
 */
export const countTagsAtLeast = (
  reader: Reader,
  of: RecordsOf,
  { dimensions, most }: { dimensions: readonly string[]; most: number },
): Promise<bigint> =>
  readValue(
    reader,
    column.bigint,
    sql`
    select count(*) from (
      select distinct tags from (
        select ${tagsOf(dimensions)} as tags from ${recordsIn(of)} limit ${PROBED}::integer
      ) as probed
      limit ${most + 1}::integer
    ) as tagged`,
  )

/** The segments of a window, and the period that each belongs to. */
export type Cuts = {
  /**
   * The bounds of the segments, ascending: the start of the window, then the end of each segment.
   */
  instants: readonly number[]
  /** The number of the period of each segment. */
  periods: readonly number[]
}

/** The partial aggregate of one segment, for records with the same values of dimensions (tags). */
export type Stretch = { stretch: number; tags: readonly string[]; tally: PartialAggregate }

const stretchRow = row<Stretch>({
  stretch: column.integer,
  tags: column.json<string[]>(),
  tally: column.group(tallyRow),
})

/**
 * Returns a partial aggregate for each segment (from 0) and each combination of dimension values.
 * '' stands for a missing dimension. A distinct value counts once per period, in the segment in
 * which it first occurred. Reads all records, but returns only the first `limit` rows, because
 * there may be as many combinations as records.
 */
export async function tallyStretches(
  reader: Reader,
  of: RecordsOf,
  by: { dimensions: readonly string[]; cuts: Cuts; limit: number },
): Promise<Stretch[]> {
  const { instants, periods } = by.cuts
  return reader.many(
    stretchRow,
    sql`
    with counted as (
      select ${stretchOf(instants)} as stretch, ${tagsOf(by.dimensions)} as tags, counted.amount,
        counted.mark
      from ${recordsIn(of)}),
    first_seen as (
      select min(stretch) as stretch, tags from counted where mark is not null
      group by (${periods}::integer[])[stretch + 1], tags, mark)
    select tally.stretch, to_json(tally.tags) as tags, tally.count, tally.sum, tally.min,
      tally.max, coalesce(seen.distinct_count, 0) as distinct_count
    from (
      select stretch, tags, count(*) as count, sum(amount) as sum, min(amount) as min,
        max(amount) as max
      from counted group by stretch, tags) as tally
      left join (
        select stretch, tags, count(*) as distinct_count from first_seen group by stretch, tags
      ) as seen using (stretch, tags)
    order by tally.tags collate "C", tally.stretch limit ${by.limit}::integer`,
  )
}

/** The records `event` of a window, with what each `counted` for the feature. */
const recordsIn = (of: RecordsOf): Sql => sql`
  usage_events event
    cross join lateral unnest(event.feature_keys, event.amounts, event.marks)
      as counted (feature_key, amount, mark)
  where event.customer_key = ${of.customerKey}::uuid
    and event.resource_key = ${of.resourceKey}::uuid
    and event.occurred_at >= ${boundToSql(of.window.start)}::timestamptz
    and event.occurred_at < ${boundToSql(of.window.end)}::timestamptz
    and event.event_key >= ${firstKeyAt(of.window.start - AHEAD_LIMIT_MS)}::uuid
    and counted.feature_key = ${of.featureKey}::uuid`

const stretchOf = (instants: readonly number[]): Sql => sql`
  width_bucket(event.occurred_at, ${instants.map(boundToSql)}::timestamptz[]) - 1`

const tagsOf = (dimensions: readonly string[]): Sql => sql`
  array(select coalesce(event.dimensions ->> name, '')
    from unnest(${dimensions}::text[]) with ordinality as dimension (name, position)
    order by position)`
