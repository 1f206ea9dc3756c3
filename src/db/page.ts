import type { CreatedRange } from '../kernel/created-range.ts'
import { firstKeyAt, type Uuid } from '../kernel/ids.ts'
import { mapInSlices } from '../kernel/in-slices.ts'
import {
  type Page,
  type PageRequest,
  type PageRows,
  pageOf,
  unknownCursor,
} from '../kernel/page.ts'
import type { DecodeRow, RawRow } from './decode.ts'
import { nothing, type Sql, sql } from './sql.ts'
import type { Reader } from './types.ts'

/**
 * Returns the end of a keyset query over `key`, newest first: the condition of the cursor, the
 * order and the limit. The limit is one row more than the page, which shows whether another page
 * follows.
 */
export function pageRange(key: Sql, page: PageRequest): Sql {
  if (page.before !== null)
    return sql`and ${key} > ${page.before}::uuid order by ${key} limit ${page.limit + 1}::integer`
  const from = page.after === null ? sql`` : sql`and ${key} < ${page.after}::uuid`
  return sql`${from} order by ${key} desc limit ${page.limit + 1}::integer`
}

/** The maximum length of the rows of one page as text, in bytes. */
export const PAGE_BYTES = 4 * 1_048_576

/** One stored byte of a JSON value can become at most this many bytes of text, as in `\u0001`. */
const GROWTH = 6

/** A list, and which page of it to read. */
export type PageSource<T> = {
  row: DecodeRow<T>
  /** A statement without conditions. */
  select: Sql
  /** The table that contains the list, with its alias in `select`. */
  table: Sql
  /** The condition that all rows of the list meet. */
  of: Sql
  /** Filters; null means no filter. The row of a cursor need not meet them. */
  where?: readonly (Sql | null)[]
  /** The creation time, as a filter. It is compared with the key, which contains the time. */
  created?: CreatedRange
  /** The columns of the result whose values can have more than a thousand characters. */
  large: readonly Sql[]
  /** What is read at the same instant as the page, unless the page is empty or large. */
  beside?: { columns: Sql; read: DecodeRow<void> }
  /** The column of the key in the table. The key is also the cursor. */
  key: Sql
  page: PageRequest
}

/**
 * Returns a function that returns a page of a list, newest first. `Owner` is what the list belongs
 * to. 400 if no row of the list has the cursor. A page whose rows would exceed `PAGE_BYTES` ends
 * before its limit, but it has at least one row.
 */
export const pageReader =
  <T extends { key: Uuid }, Owner, Filter>(
    sourceOf: (owner: Owner, filter: Filter) => PageSource<T>,
  ) =>
  async (reader: Reader, owner: Owner, filter: Filter): Promise<Page<T>> => {
    const source = sourceOf(owner, filter)
    const { table, of, key, page } = source
    for (const name of ['after', 'before'] as const) {
      const cursor = page[name]
      const found = sql`select 1 from ${table} where ${of} and ${key} = ${cursor}::uuid`
      if (cursor !== null && !(await hasRow(reader, found))) throw unknownCursor(name, cursor)
    }
    return pageOf(page, await readRows(reader, source))
  }

/** Returns whether a statement returns a row. The statement must return at most one. */
export const hasRow = async (reader: Reader, statement: Sql): Promise<boolean> =>
  (await reader.maybeOne(() => true, statement)) ?? false

/** Returns a function that returns whether a customer has the row with a key. */
export const rowExists =
  (table: Sql, key: Sql) =>
  (reader: Reader, customerKey: Uuid, value: Uuid): Promise<boolean> =>
    hasRow(
      reader,
      sql`
      select 1 from ${table} where customer_key = ${customerKey}::uuid and ${key} = ${value}::uuid`,
    )

/**
 * Returns the rows of a page, beginning at the cursor. Most pages have only small values and are
 * read with one statement. Summing their lengths instead would take six times as long.
 */
async function readRows<T>(reader: Reader, source: PageSource<T>): Promise<PageRows<T>> {
  const found = await readSmallRows(reader, source)
  if (found.some(({ is_small }) => is_small === null)) return readLargeRows(reader, source)
  if (found[0] !== undefined) source.beside?.read(found[0])
  const rows = await mapInSlices(found.slice(0, source.page.limit), source.row)
  return { rows, hasMore: found.length > rows.length }
}

/**
 * Returns all rows up to the limit. Rows with a value that is not small are null, also in
 * `is_small`. Values are small if together they cannot exceed `PAGE_BYTES`. The test decompresses
 * no value, and reads no value that is stored outside of its row. What is read beside the page has
 * columns in each row: to join it to one row takes longer.
 */
function readSmallRows<T>(reader: Reader, source: PageSource<T>): Promise<RawRow[]> {
  const { large, page, beside } = source
  const bytes = Math.floor(PAGE_BYTES / GROWTH / (page.limit + 1) / Math.max(1, large.length))
  const areSmall = large.reduce(
    (others, value) => sql`${others} and coalesce(pg_column_compression(${value}) is null
      and pg_column_size(${value}) <= ${bytes}::integer, true)`,
    sql`true`,
  )
  return reader.many(
    (raw) => raw,
    sql`
    select ${beside === undefined ? nothing : sql`${beside.columns},`} small.*
    from (select found.*, ${areSmall} as is_small from (${rangeOf(source)}) as found) as measured
      left join lateral (select measured.*) as small on measured.is_small`,
  )
}

/**
 * Returns the rows of a page with large values. The database sums the lengths row by row and stops
 * at the limit, so that further rows are neither decompressed nor sent.
 */
async function readLargeRows<T>(reader: Reader, source: PageSource<T>): Promise<PageRows<T>> {
  const found = await reader.many(
    (raw) => raw,
    sql`
    with recursive found as materialized (
      select row_number() over () as page_place, found.* from (${rangeOf(source)}) as found
    ), walk (page_place, page_bytes) as (
      select page_place, octet_length(found::text)::bigint from found where page_place = 1
      union all
      select found.page_place, walk.page_bytes + octet_length(found::text)
      from walk join found on found.page_place = walk.page_place + 1
      where walk.page_bytes <= ${PAGE_BYTES}::integer
        and found.page_place <= ${source.page.limit}::integer
    )
    select found.*, page_place < (select max(page_place) from found) as page_more
    from found
    where page_place <= greatest(1, (
      select max(page_place) from walk where page_bytes <= ${PAGE_BYTES}::integer))
    order by page_place`,
  )
  const rows = await mapInSlices(found, source.row)
  return { rows, hasMore: found.at(-1)?.page_more === 't' }
}

/** Returns the statement that reads the rows of a page, in their order, and one row more. */
const rangeOf = <T>(source: PageSource<T>): Sql =>
  sql`${source.select} where ${conditionOf(source)} ${pageRange(source.key, source.page)}`

function conditionOf<T>({ of, where = [], created, key }: PageSource<T>): Sql {
  const from = created?.from ?? null
  const until = created?.until ?? null
  const conditions = [
    ...where,
    from === null ? null : sql`${key} >= ${firstKeyAt(from)}::uuid`,
    until === null ? null : sql`${key} < ${firstKeyAt(until)}::uuid`,
  ].filter((condition) => condition !== null)
  return conditions.reduce((all, condition) => sql`${all} and ${condition}`, of)
}
