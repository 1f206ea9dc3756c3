import { column, type Reader, row, type Sql } from '../../db/index.ts'

/** What was found where rows are compared with what they are made of. */
export type Comparison<D> = {
  /** The first differences, as many as were asked for. */
  differences: readonly D[]
  /** How many there are in all. */
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
