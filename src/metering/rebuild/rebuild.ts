import type { Tx } from '../../db/index.ts'
import type { Owner } from '../../kernel/scope.ts'
import { rewriteMarks, rewriteTotals } from './rebuild-store.ts'

/**
 * Rebuilds all totals and distinct values of a customer from its records and reservations. The row
 * of the customer's version must be locked; otherwise usage that is counted meanwhile would be
 * lost.
 */
export async function rebuildTotals(tx: Tx, { scope, customerKey }: Owner): Promise<void> {
  await Promise.all([
    rewriteTotals(tx, scope, customerKey),
    // This comes after the totals, because new totals need distinct values, too.
    rewriteMarks(tx, scope, customerKey),
  ])
}
