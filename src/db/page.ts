import type { Uuid } from '../kernel/ids.ts'
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
export type PageSource<Row, T> = {
  row: DecodeRow<Row>
  of: (row: Row) => T
  /** A statement that ends with a condition. */
  select: Sql
  /** The cursor's column, in the statement and in what it answers. */
  key: { in: Sql; out: Sql }
  page: PageRequest
}

/**
 * The rows of a page, from the cursor outwards. A page ends before the limit where its rows would
 * have more than 4 MB, but has one row at least. The lengths are summed where the rows are, so that
 * what is beyond them never leaves the database.
 */
export async function readRows<Row, T>(
  reader: Reader,
  { row, of, select, key, page }: PageSource<Row, T>,
): Promise<PageRows<T>> {
  const order = page.before === null ? sql`${key.out} desc` : key.out
  const rows = await reader.many(
    (raw) => ({ value: of(row(raw)), hasMore: raw.page_more === 't' }),
    sql`
    select * from (
      select found.*, row_number() over page as page_place,
        lead(true) over page is not null as page_more,
        sum(octet_length(found::text)) over page as page_bytes
      from (${select} ${pageRange(key.in, page)}) as found
      window page as (order by ${order})
    ) as measured
    where page_place = 1
      or page_place <= ${page.limit}::integer and page_bytes <= ${PAGE_BYTES}::integer
    order by page_place`,
  )
  return { rows: rows.map(({ value }) => value), hasMore: rows.at(-1)?.hasMore ?? false }
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
