import type { Instant } from '../../kernel/clock.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Standing } from '../standings/index.ts'

/** What the lists of budgets are ordered by. */
export type Rank = {
  /** `Infinity` for a level. */
  windowEnd: Instant
  utilization: Quantity
  /** The start of the window if the budget is used up. Null: it does not run out. */
  exhaustsAt: Instant | null
}

/** Returns the rank of a budget. Null without a limit, and if nothing is used or held. */
export function rankOf(standing: Standing): Rank | null {
  const { window, utilization, exhaustsAt, currentUsage, holds, pace } = standing
  if (utilization === null || (currentUsage === 0n && holds === 0n)) return null
  const isUsedUp = standing.remaining === 0n
  return {
    windowEnd: window.end,
    utilization,
    exhaustsAt: isUsedUp ? window.start : pace === null ? null : exhaustsAt,
  }
}

const LEAST_PAUSE_MS = 10_000
const LONGEST_PAUSE_MS = 600_000

/**
 * Returns the pause after a pass, in milliseconds. It grows with the number of customers and
 * budgets that the pass has looked at, so that ranking takes a small part of the time.
 */
export const pauseAfter = (lookedAt: number): number =>
  Math.min(Math.max(lookedAt, LEAST_PAUSE_MS), LONGEST_PAUSE_MS)
