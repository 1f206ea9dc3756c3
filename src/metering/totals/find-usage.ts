import { isSameWindow, type Window } from '../../kernel/period.ts'
import type { Aggregate, Total, UsageAmount } from '../types.ts'
import { mustBeMade } from './count-record.ts'
import { usageOf } from './usage-of.ts'

/**
 * Returns the usage of a window from the stored totals. These must include the lifetime and, if
 * stored, the window's own total. Returns null if they are not sufficient; then `readTotals`
 * computes the usage from the records.
 */
export function findUsage(
  totals: readonly Total[],
  window: Window,
  aggregate: Aggregate,
): UsageAmount | null {
  const stored = totals.find((total) => isSameWindow(total.window, window))
  if (stored !== undefined) return { usage: usageOf(stored.tally, aggregate), held: stored.held }
  return mustBeMade(totals, window) ? null : { usage: 0n, held: 0n }
}
