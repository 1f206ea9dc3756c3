import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import type { DecodeRow } from './decode.ts'
import { type Sql, sql } from './sql.ts'
import type { Reader, Tx } from './types.ts'

/** `select` has no conditions. Its table has the columns `environment_key` and `id`. */
type Source<T> = { row: DecodeRow<T>; select: Sql; key: Sql }

/**
 * Returns functions that return rows of an environment by their ids, archived ones too: `find` in
 * no particular order, the others in the order of keys. Until the transaction ends, rows that are
 * held (key share) cannot be archived, and nothing can refer to rows that are locked (update).
 */
export function rowsWithIds<T>({ row, select, key }: Source<T>) {
  const withIds = ({ environmentKey }: Scope, ids: readonly string[]): Sql =>
    sql`${select} where environment_key = ${environmentKey}::uuid and id = any(${ids}::text[])`
  const inOrder = (lock: Sql) => (tx: Tx, scope: Scope, ids: readonly string[]) =>
    tx.many(row, sql`${withIds(scope, ids)} order by ${key} ${lock}`)
  return {
    find: (reader: Reader, scope: Scope, ids: readonly string[]) =>
      reader.many(row, withIds(scope, ids)),
    hold: inOrder(sql`for key share`),
    lock: inOrder(sql`for update`),
    /** Returns rows of any environment by their keys, in no particular order. */
    findByKey: (reader: Reader, keys: readonly Uuid[]) =>
      reader.many(row, sql`${select} where ${key} = any(${keys}::uuid[])`),
  }
}
