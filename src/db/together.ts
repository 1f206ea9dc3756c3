import type { DecodeRow } from './decode.ts'
import { type Sql, sql } from './sql.ts'
import type { Reader } from './types.ts'

/** The maximum length of the metadata of all objects of one write together, as text, in bytes. */
const TOGETHER_BYTES = 8 * 1_048_576

/**
 * Returns a function that returns the objects that one write changes, or null if their metadata
 * exceeds 8 MB in total. The bound is needed because one object may have 1 MB of metadata, a
 * request may change many objects, and all of them are read, returned and published at once. The
 * statement must select a column `metadata`.
 */
export const togetherReader =
  <Row, Asked extends readonly unknown[]>(
    row: DecodeRow<Row>,
    statementOf: (...asked: Asked) => Sql,
  ) =>
  (reader: Reader, ...asked: Asked): Promise<Row[] | null> =>
    readTogether(reader, row, statementOf(...asked))

async function readTogether<Row>(
  reader: Reader,
  row: DecodeRow<Row>,
  select: Sql,
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
