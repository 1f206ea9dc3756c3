import { assert } from '../kernel/assert.ts'
import type { Decode } from './decode.ts'
import type { Sql } from './sql.ts'
import type { Reader } from './types.ts'

/** Returns the value of a statement that returns one row with one column, such as a count. */
export const readValue = <T>(reader: Reader, decode: Decode<T>, statement: Sql): Promise<T> =>
  reader.one((raw) => {
    const [value, ...others] = Object.values(raw)
    assert(value !== undefined && others.length === 0, 'a value is one column')
    return decode(value)
  }, statement)
