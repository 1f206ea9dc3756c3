import { isSameWindow, type Window } from '../../kernel/period.ts'
import type { Aggregate, Total, UsageAmount } from '../types.ts'
import { mustBeMade } from './count-record.ts'
import { usageOf } from './usage-of.ts'

/**
 * Usage of a window by the totals of what is metered, of which at least the lifetime and, if it is
 * kept, the window's own are given. Null when they do not tell it: then the records do
 * (`readTotals`).
 */
export function findUsage(
  totals: readonly Total[],
  window: Window,
  aggregate: Aggregate,
): UsageAmount | null {
  const kept = totals.find((total) => isSameWindow(total.window, window))
  if (kept !== undefined) return { usage: usageOf(kept.tally, aggregate), held: kept.held }
  return mustBeMade(totals, window) ? null : { usage: 0n, held: 0n }
}
