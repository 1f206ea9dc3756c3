import type { DecodeRow } from './decode.ts'
import type { Sql } from './sql.ts'
import type { Reader } from './types.ts'

/** Returns a function that returns all rows of one statement, made of what it is called with. */
export const rowReader =
  <T, Asked extends readonly unknown[]>(row: DecodeRow<T>, statementOf: (...asked: Asked) => Sql) =>
  (reader: Reader, ...asked: Asked): Promise<T[]> =>
    reader.many(row, statementOf(...asked))

/** Like `rowReader`, for statements that return at most one row. Null if there is none. */
export const rowFinder =
  <T, Asked extends readonly unknown[]>(row: DecodeRow<T>, statementOf: (...asked: Asked) => Sql) =>
  (reader: Reader, ...asked: Asked): Promise<T | null> =>
    reader.maybeOne(row, statementOf(...asked))
