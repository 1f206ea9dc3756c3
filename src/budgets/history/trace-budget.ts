import type { Instant } from '../../kernel/clock.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { BudgetWindow, HistoryPlan } from './plan-history.ts'

/** The usage of a window until an instant, in the units that are reported. */
export type TracePoint = { at: Instant; usage: Quantity; isResetPoint: boolean }

export type BudgetTrace = {
  points: readonly TracePoint[]
  /** With the usage until the end of the window, or of the range if that is earlier. */
  windows: readonly (BudgetWindow & { usage: Quantity })[]
}

/**
 * Returns the running usage of a budget at the cuts of a range, which begins at 0 with each window.
 * `amounts` has what was counted from each cut until the next one. `before` is the usage of a level
 * at the first cut; other budgets have 0 then, because a window begins there.
 */
export function traceBudget(
  { windows, cuts, range }: HistoryPlan,
  { amounts, before }: { amounts: readonly Quantity[]; before: Quantity },
): BudgetTrace {
  const sums = new Map<Instant, Quantity>()
  let sum = before
  for (const [index, at] of cuts.entries()) {
    sums.set(at, sum)
    sum += amounts[index] ?? 0n
  }
  const until = (at: Instant): Quantity => sums.get(Math.min(at, range.end)) ?? 0n
  const usageIn = (window: BudgetWindow, at: Instant): Quantity => until(at) - until(window.start)
  const shown = cuts.filter((at) => at >= range.start)
  const points = shown.flatMap((at): TracePoint[] => {
    if (windows.length === 0) return [{ at, usage: until(at), isResetPoint: false }]
    const ending = windows.find(({ start, end }) => start < at && at <= end)
    const beginning = windows.find(({ start }) => start === at && at < range.end)
    return [
      ...(ending === undefined ? [] : [{ at, usage: usageIn(ending, at), isResetPoint: false }]),
      ...(beginning === undefined ? [] : [{ at, usage: 0n, isResetPoint: true }]),
    ]
  })
  return {
    points,
    windows: windows.map((window) => ({ ...window, usage: usageIn(window, window.end) })),
  }
}

/** A change of a budget's limit or cadence, with the values before and after it. */
export type LimitChange = {
  at: Instant
  usageLimit: { from: number | null; to: number | null } | null
  cadence: { from: string; to: string } | null
}

/**
 * Returns the limit at an instant: what the first later change has replaced, or else the current
 * limit. Changes ascend by time.
 */
export function limitAt(
  changes: readonly LimitChange[],
  at: Instant,
  current: number | null,
): number | null {
  const later = changes.find((change) => change.at > at && change.usageLimit !== null)
  return later?.usageLimit ? later.usageLimit.from : current
}
