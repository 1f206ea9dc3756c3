import { isSameWindow, LIFETIME, type Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import type { Aggregate, Total } from './types.ts'
import { usageOf } from './usage-of.ts'

/**
 * Usage of a window by the totals of what is metered, of which at least the lifetime and, if it is
 * kept, the window's own are given. Null when they do not tell it: then the records do
 * (`readTotals`). Signed.
 */
export function findUsage(
  totals: readonly Total[],
  window: Window,
  aggregate: Aggregate,
): Quantity | null {
  const lifetime = totals.find((total) => isSameWindow(total.window, LIFETIME))
  // Nothing was ever recorded, or nothing since the window began.
  if (lifetime === undefined || lifetime.lastAt < window.start) return 0n
  const kept = totals.find((total) => isSameWindow(total.window, window))
  return kept === undefined ? null : usageOf(kept.tally, aggregate)
}
