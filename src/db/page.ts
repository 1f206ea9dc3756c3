import type { Uuid } from '../kernel/ids.ts'
import { cutPage, type Page, type PageRequest, unknownCursor } from '../kernel/page.ts'
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

/** Reads a page. A cursor that no record of the list has is refused (400). */
export async function readPage<R extends { key: Uuid }>(
  page: PageRequest,
  read: { rows: () => Promise<R[]>; exists: (cursor: Uuid) => Promise<boolean> },
): Promise<Page<R>> {
  if (page.after !== null && !(await read.exists(page.after)))
    throw unknownCursor('after', page.after)
  if (page.before !== null && !(await read.exists(page.before)))
    throw unknownCursor('before', page.before)
  return cutPage(page, await read.rows())
}
