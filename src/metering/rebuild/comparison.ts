import { column } from '../../db/index.ts'

/** What was found where rows are compared with what they are made of. */
export type Comparison<D> = {
  /** The first differences, as many as were asked for. */
  differences: readonly D[]
  /** How many there are in all. */
  count: number
}

/** The column by which each row of a comparison tells how many rows there are without the limit. */
export const countColumn = { differing: column.integer }

export const comparisonOf = <R extends { differing: number }, D>(
  rows: readonly R[],
  differenceOf: (found: R) => D,
): Comparison<D> => ({ differences: rows.map(differenceOf), count: rows[0]?.differing ?? 0 })
