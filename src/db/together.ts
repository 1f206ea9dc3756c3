import type { DecodeRow } from './decode.ts'
import { type Sql, sql } from './sql.ts'
import type { Reader } from './types.ts'

/** What the metadata of all objects of one write may come to, as text, in bytes. */
const TOGETHER_BYTES = 8 * 1_048_576

/**
 * Reads the objects that one write is about; null if their metadata is more than 8 MB together.
 * Each may have a megabyte, and a short list may name many: they are read, answered and announced
 * as a whole. `select` has a column `metadata`.
 */
export async function readTogether<Row>(
  reader: Reader,
  { row, select }: { row: DecodeRow<Row>; select: Sql },
): Promise<Row[] | null> {
  const found = await reader.many(
    (raw) => ({
      isTooMuch: raw.is_too_much === 't',
      values: raw.is_there === null ? [] : [row(raw)],
    }),
    sql`
    with found as materialized (select true as is_there, found.* from (${select}) as found),
    size as (
      select coalesce(sum(octet_length(metadata::text)), 0) > ${TOGETHER_BYTES}::integer
        as is_too_much
      from found
    )
    select found.*, size.is_too_much from size left join found on not size.is_too_much`,
  )
  return found.some(({ isTooMuch }) => isTooMuch) ? null : found.flatMap(({ values }) => values)
}
