import { column, type Reader, row, type Sql } from '../../db/index.ts'

/** The result of comparing stored rows with recomputed ones. */
export type Comparison<D> = {
  /** The first differences, up to the limit. */
  differences: readonly D[]
  /** The number of all differences. */
  count: number
}

/**
 * The differences that a statement selects. Its column `differing` says in each row how many there
 * are without the limit.
 */
export async function readComparison<D>(
  reader: Reader,
  difference: column.DecodeRow<D>,
  statement: Sql,
): Promise<Comparison<D>> {
  const rowOfDifference = row({
    difference: column.group(difference),
    differing: column.integer,
  })
  const found = await reader.many(rowOfDifference, statement)
  return {
    differences: found.map(({ difference }) => difference),
    count: found[0]?.differing ?? 0,
  }
}
