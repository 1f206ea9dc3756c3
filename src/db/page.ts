import type { Uuid } from '../kernel/ids.ts'
import { mapInSlices } from '../kernel/in-slices.ts'
import {
  type Page,
  type PageRequest,
  type PageRows,
  pageOf,
  unknownCursor,
} from '../kernel/page.ts'
import type { Reader } from './database.ts'
import type { DecodeRow } from './decode.ts'
import { type Sql, sql } from './sql.ts'

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

/** What a list consists of. */
export type PageSource<T> = {
  row: DecodeRow<T>
  /** A statement that ends with a condition. */
  select: Sql
  /** The cursor's column, in the statement and in what it answers. */
  key: { in: Sql; out: Sql }
  page: PageRequest
}

/**
 * The rows of a page, from the cursor outwards. A page ends before the limit where its rows would
 * have more than 4 MB, but has one row at least. The lengths are summed where the rows are, row by
 * row until there are enough: what is beyond is neither sent nor even unpacked.
 */
export async function readRows<T>(
  reader: Reader,
  { row, select, key, page }: PageSource<T>,
): Promise<PageRows<T>> {
  const order = page.before === null ? sql`${key.out} desc` : key.out
  const found = await reader.many(
    (raw) => raw,
    sql`
    with recursive found as materialized (
      select row_number() over (order by ${order}) as page_place, found.*
      from (${select} ${pageRange(key.in, page)}) as found
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

/** Reads a page. A cursor that no record of the list has is refused (400). */
export async function readPage<R extends { key: Uuid }>(
  page: PageRequest,
  read: { rows: () => Promise<PageRows<R>>; exists: (cursor: Uuid) => Promise<boolean> },
): Promise<Page<R>> {
  if (page.after !== null && !(await read.exists(page.after)))
    throw unknownCursor('after', page.after)
  if (page.before !== null && !(await read.exists(page.before)))
    throw unknownCursor('before', page.before)
  return pageOf(page, await read.rows())
}
