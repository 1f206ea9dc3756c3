import type { Sql } from './sql.ts'
import type { Tx } from './types.ts'

/**
 * Returns a function that writes a set of rows with one statement. Without rows, no statement is
 * sent. `Owner` is what all rows belong to.
 */
export const rowWriter =
  <Owner, T>(statementOf: (owner: Owner, items: readonly T[]) => Sql) =>
  async (tx: Tx, owner: Owner, items: readonly T[]): Promise<void> => {
    if (items.length > 0) await tx.execute(statementOf(owner, items))
  }
