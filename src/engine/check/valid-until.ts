import type { BudgetNode } from '../../budgets/index.ts'
import type { Reader } from '../../db/index.ts'
import type { Decision, Evaluation } from '../../entitlements/index.ts'
import { firstAfter, isBlockedByHold } from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Window } from '../../kernel/period.ts'
import { findHoldEnd, findHoldEnds } from '../../metering/reservations/index.ts'
import { isFinal } from '../participants/index.ts'

/** The parts of a result that can change as time passes. */
export type TimedAnswer = {
  /** The decision by the entitlement. For a currency there is no feature state. */
  entitlement: { decision: Decision } & Pick<Evaluation, 'featureState' | 'validUntil'>
  chains: readonly (readonly BudgetNode[])[]
  now: Instant
}

/** The windows in which holds may have caused a denial. */
export type HoldWindows = {
  /** The window of the entitlement. */
  window: Window | null
  counters: readonly { assignmentKey: Uuid; window: Window }[]
}

export const blockingHoldWindows = ({ entitlement, chains }: TimedAnswer): HoldWindows => ({
  window: isBlockedByHold(entitlement) ? (entitlement.featureState?.window ?? null) : null,
  counters: nodesShown({ entitlement, chains }).flatMap(({ isGranted, budget }) =>
    isGranted || budget === null || budget.held <= 0n ? [] : [budget],
  ),
})

/** The budgets that a response shows. A denial that budgets cannot change shows none. */
const nodesShown = ({ entitlement, chains }: Omit<TimedAnswer, 'now'>): BudgetNode[] =>
  isFinal(entitlement.decision) ? [] : chains.flat()

/**
 * Returns the first instant after `now` at which the result may change without a write: an
 * entitlement begins, ends or is reset; a budget is reset; or a hold that may have caused the
 * denial ends. `holdEnd` is when the first such hold ends.
 */
export const validUntil = (
  { entitlement, chains, now }: TimedAnswer,
  holdEnd: Instant | null,
): Instant | null =>
  firstAfter(now, [
    entitlement.validUntil,
    ...nodesShown({ entitlement, chains }).map(({ budget }) => budget?.window.end ?? null),
    holdEnd,
  ])

/** Returns `validUntil`. Reads the ends of holds only if holds may have caused the denial. */
export async function readValidUntil(
  reader: Reader,
  timed: TimedAnswer,
  { customerKey, resourceKey }: { customerKey: Uuid; resourceKey: Uuid },
): Promise<Instant | null> {
  const { window, counters } = blockingHoldWindows(timed)
  const { featureState } = timed.entitlement
  const windows =
    window === null || featureState === null
      ? []
      : [{ customerKey, resourceKey, featureKey: featureState.feature.key, window }]
  const [[own = null], ofBudgets] = await Promise.all([
    findHoldEnds(reader, windows, timed.now),
    findHoldEnd(reader, customerKey, { counters, now: timed.now }),
  ])
  return validUntil(timed, firstAfter(timed.now, [own, ofBudgets]))
}
