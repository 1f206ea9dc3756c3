import type { Tx } from '../../db/index.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { rewriteMarks, rewriteTotals } from './rebuild-store.ts'

/**
 * Makes all totals of a customer, and what they have seen, out of its records and what is held. The
 * customer's head must be locked: what is counted meanwhile would be lost.
 */
export async function rebuildTotals(
  tx: Tx,
  { scope, customerKey }: { scope: Scope; customerKey: Uuid },
): Promise<void> {
  await Promise.all([
    rewriteTotals(tx, scope, customerKey),
    // After the totals: those that were missing need marks, too.
    rewriteMarks(tx, scope, customerKey),
  ])
}
