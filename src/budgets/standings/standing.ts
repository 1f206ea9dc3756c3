import type { UnitTransformation } from '../../api.gen.ts'
import { transformUnits } from '../../catalog/features/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Window } from '../../kernel/period.ts'
import { type Quantity, wholeUnits } from '../../kernel/quantity.ts'
import { windowOf } from '../cadence.ts'
import type { Budget } from '../types.ts'
import { exhaustsAt, type Pace, paceOf } from './pace.ts'

/** What was counted for a budget in one window, in the units that are reported. */
export type WindowUsage = { windowStart: Instant; usage: Quantity; held: Quantity }

/** A budget with the display name of its entity, and its latest counter that has begun. */
export type CountedBudget = Budget & { displayName: string | null; counter: WindowUsage | null }

/** How a budget stands in the window that contains an instant. */
export type Standing = {
  budget: Budget & { displayName: string | null }
  window: Window
  /** In the units of the limit, at least 0. */
  currentUsage: Quantity
  /** In the units of the limit. */
  holds: Quantity
  /** In the units of the limit, at least 0. Null: no limit. */
  remaining: Quantity | null
  /** Usage divided by the limit, with ten decimals. 1 for a limit of 0. Null: no limit. */
  utilization: Quantity | null
  /** Null for a level. */
  pace: Pace | null
  exhaustsAt: Instant | null
}

type Transformation = Pick<UnitTransformation, 'divide' | 'round'> | null

/** Returns how a budget stands at an instant. */
export function standingOf(
  { counter, ...budget }: CountedBudget,
  { transformation, now }: { transformation: Transformation; now: Instant },
): Standing {
  const window = windowOf(budget, now)
  const isCurrent = counter !== null && counter.windowStart === window.start
  const { usage, held } = isCurrent ? counter : UNUSED
  const { usageLimit } = budget
  const spent = transformUnits(usage + held, transformation)
  const currentUsage = transformUnits(usage < 0n ? 0n : usage, transformation)
  const pace = paceOf({ window, createdAt: budget.createdAt, usage, now })
  const left = leftOf(usageLimit, usage + held, transformation)
  return {
    budget,
    window,
    currentUsage,
    holds: transformUnits(held, transformation),
    remaining: usageLimit === null ? null : usageLimit > spent ? usageLimit - spent : 0n,
    utilization: usageLimit === null ? null : partOf(currentUsage, usageLimit),
    pace,
    exhaustsAt: exhaustsAt({ left, pace, windowEnd: window.end, now }),
  }
}

const UNUSED = { usage: 0n, held: 0n }

/** Returns how much is left until usage reaches the limit, in the units that are reported. */
const leftOf = (
  limit: Quantity | null,
  spent: Quantity,
  transformation: Transformation,
): Quantity | null => (limit === null ? null : limit * BigInt(transformation?.divide ?? 1) - spent)

const ONE = wholeUnits(1)

/** Rounds to ten decimals, halves up. Neither value is negative. */
const partOf = (usage: Quantity, limit: Quantity): Quantity =>
  limit === 0n ? ONE : (2n * usage * ONE + limit) / (2n * limit)

/** A set of standings by the keys of their budgets. */
export type Standings = ReadonlyMap<Uuid, Standing>

/**
 * Returns the standing with the least remaining. Of several, the first. Null if none has a limit.
 */
export const tightestOf = (standings: readonly Standing[]): Standing | null =>
  standings.reduce<Standing | null>(
    (least, each) =>
      each.remaining !== null && (least?.remaining == null || each.remaining < least.remaining)
        ? each
        : least,
    null,
  )
