import { LIFETIME, type Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import type { Aggregate, Total } from './types.ts'

/**
 * Usage of a window by the totals of what is metered, of which at least the lifetime and, if it is
 * kept, the window's own are given. Null when they do not tell it: then the records do
 * (`readUsage`). Signed.
 */
export function findUsage(
  totals: readonly Total[],
  window: Window,
  aggregate: Aggregate,
): Quantity | null {
  const lifetime = totals.find((total) => isSame(total.window, LIFETIME))
  // Nothing was ever recorded, or nothing since the window began.
  if (lifetime === undefined || lifetime.lastAt < window.start) return 0n
  const kept = totals.find((total) => isSame(total.window, window))
  return kept !== undefined && kept.aggregate === aggregate ? kept.value : null
}

const isSame = (one: Window, other: Window): boolean =>
  one.start === other.start && one.end === other.end
