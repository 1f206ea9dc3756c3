import { column, type Reader, row, type Sql } from '../../db/index.ts'
import type { Uuid } from '../../kernel/ids.ts'

/** The result of comparing stored rows with recomputed ones. */
export type Comparison<D> = {
  /** The first differences, up to the limit. */
  differences: readonly D[]
  /** The number of all differences. */
  count: number
}

/** Whose rows are compared, and how many differences are returned at most. */
export type ComparisonQuery = { customerKey: Uuid; limit: number }

/**
 * Returns a function that reads the differences which a statement selects. In each row of the
 * statement, the column `differing` is the number of all differences, without the limit.
 */
export function comparison<D, Query extends ComparisonQuery = ComparisonQuery>(
  difference: column.DecodeRow<D>,
  statementOf: (query: Query) => Sql,
): (reader: Reader, query: Query) => Promise<Comparison<D>> {
  const rowOfDifference = row({
    difference: column.group(difference),
    differing: column.integer,
  })
  return async (reader, query) => {
    const found = await reader.many(rowOfDifference, statementOf(query))
    return {
      differences: found.map(({ difference }) => difference),
      count: found[0]?.differing ?? 0,
    }
  }
}
