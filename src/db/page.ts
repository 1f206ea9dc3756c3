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
import type { DecodeRow } from './decode.ts'
import { type Sql, sql } from './sql.ts'
import type { Reader } from './types.ts'

/**
 * The end of a keyset query over `key`, newest first: the cursor's condition, the order and a limit
 * of one row more than the page, which tells whether another page follows.
 */
export function pageRange(key: Sql, page: PageRequest): Sql {
  if (page.before !== null)
    return sql`and ${key} > ${page.before}::uuid order by ${key} limit ${page.limit + 1}::integer`
  const from = page.after === null ? sql`` : sql`and ${key} < ${page.after}::uuid`
  return sql`${from} order by ${key} desc limit ${page.limit + 1}::integer`
}

/** What the rows of one page may have, as text, in bytes. */
export const PAGE_BYTES = 4 * 1_048_576

/** A list, and which page of it to read. */
export type PageSource<T> = {
  row: DecodeRow<T>
  /** A statement without conditions. */
  select: Sql
  /** The table whose rows the list is of, with its alias in `select`. */
  table: Sql
  /** The condition for a row of the list. */
  of: Sql
  /** Further conditions, of which null is none. A cursor need not meet them. */
  where?: readonly (Sql | null)[]
  /** When what is asked for was created, which its key tells. */
  created?: CreatedRange
  /** The column of the key, which is the cursor: in the table, and in what is selected. */
  key: { in: Sql; out: Sql }
  page: PageRequest
}

/**
 * Reads a page of a list, newest first. A cursor that no row of the list has is refused (400). A
 * page ends before its limit where its rows would have more than 4 MB, but has one row at least.
 */
export async function readPage<T extends { key: Uuid }>(
  reader: Reader,
  source: PageSource<T>,
): Promise<Page<T>> {
  const { table, of, key, page } = source
  for (const name of ['after', 'before'] as const) {
    const cursor = page[name]
    const found = sql`select 1 from ${table} where ${of} and ${key.in} = ${cursor}::uuid`
    if (cursor !== null && !(await hasRow(reader, found))) throw unknownCursor(name, cursor)
  }
  return pageOf(page, await readRows(reader, source))
}

/** Whether a statement for at most one row finds it. */
export const hasRow = async (reader: Reader, statement: Sql): Promise<boolean> =>
  (await reader.maybeOne(() => true, statement)) ?? false

/**
 * The rows of a page, from the cursor outwards. The lengths are summed where the rows are, row by
 * row until there are enough: what is beyond is neither sent nor even unpacked.
 */
async function readRows<T>(reader: Reader, source: PageSource<T>): Promise<PageRows<T>> {
  const { row, select, key, page } = source
  const order = page.before === null ? sql`${key.out} desc` : key.out
  const found = await reader.many(
    (raw) => raw,
    sql`
    with recursive found as materialized (
      select row_number() over (order by ${order}) as page_place, found.*
      from (${select} where ${conditionOf(source)} ${pageRange(key.in, page)}) as found
    ), walk (page_place, page_bytes) as (
      select page_place, octet_length(found::text)::bigint from found where page_place = 1
      union all
      select found.page_place, walk.page_bytes + octet_length(found::text)
      from walk join found on found.page_place = walk.page_place + 1
      where walk.page_bytes <= ${PAGE_BYTES}::integer
        and found.page_place <= ${page.limit}::integer
    )
    select found.*, page_place < (select max(page_place) from found) as page_more
    from found
    where page_place <= greatest(1, (
      select max(page_place) from walk where page_bytes <= ${PAGE_BYTES}::integer))
    order by page_place`,
  )
  const rows = await mapInSlices(found, row)
  return { rows, hasMore: found.at(-1)?.page_more === 't' }
}

function conditionOf<T>({ of, where = [], created, key }: PageSource<T>): Sql {
  const from = created?.from ?? null
  const until = created?.until ?? null
  const conditions = [
    ...where,
    from === null ? null : sql`${key.in} >= ${firstKeyAt(from)}::uuid`,
    until === null ? null : sql`${key.in} < ${firstKeyAt(until)}::uuid`,
  ].filter((condition) => condition !== null)
  return conditions.reduce((all, condition) => sql`${all} and ${condition}`, of)
}
