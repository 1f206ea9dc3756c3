import type { BudgetNode } from '../../budgets/index.ts'
import type { Reader } from '../../db/index.ts'
import { type Decision, type Evaluation, firstAfter, isHeldUp } from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Window } from '../../kernel/period.ts'
import { findHoldEnd, findHoldEnds } from '../../metering/reservations/index.ts'
import { isFinal } from './join-decisions.ts'

/** An answer, as far as time can change it. */
export type TimedAnswer = {
  /** What the customer is entitled to; of a currency without a holding. */
  base: { decision: Decision } & Pick<Evaluation, 'holding' | 'validUntil'>
  chains: readonly (readonly BudgetNode[])[]
  now: Instant
}

/** Where what is held may be in the way of a request that was denied. */
export type HeldUp = {
  /** Of the entitlement. */
  window: Window | null
  counters: readonly { assignmentKey: Uuid; window: Window }[]
}

export const heldUpBy = ({ base, chains }: TimedAnswer): HeldUp => ({
  window: isHeldUp(base) ? (base.holding?.window ?? null) : null,
  counters: nodesShown({ base, chains }).flatMap(({ isGranted, budget }) =>
    isGranted || budget === null || budget.held <= 0n ? [] : [budget],
  ),
})

/** Of a denial that no budget could turn, none is shown. */
const nodesShown = ({ base, chains }: Omit<TimedAnswer, 'now'>): BudgetNode[] =>
  isFinal(base.decision) ? [] : chains.flat()

/**
 * The first instant after `now` at which an answer may change although nobody does anything: what
 * the customer is entitled to begins, ends or is reset; a budget that is met is reset; or a hold
 * ends that is in the way of what was denied, the first of them at `holdEnd`.
 */
export const validUntil = (
  { base, chains, now }: TimedAnswer,
  holdEnd: Instant | null,
): Instant | null =>
  firstAfter(now, [
    base.validUntil,
    ...nodesShown({ base, chains }).map(({ budget }) => budget?.window.end ?? null),
    holdEnd,
  ])

/** The same, with a look for the holds only where there are any in the way. */
export async function readValidUntil(
  reader: Reader,
  timed: TimedAnswer,
  { customerKey, resourceKey }: { customerKey: Uuid; resourceKey: Uuid },
): Promise<Instant | null> {
  const { window, counters } = heldUpBy(timed)
  const { holding } = timed.base
  const windows =
    window === null || holding === null
      ? []
      : [{ customerKey, resourceKey, featureKey: holding.feature.key, window }]
  const [[own = null], ofBudgets] = await Promise.all([
    findHoldEnds(reader, windows, timed.now),
    findHoldEnd(reader, customerKey, { counters, now: timed.now }),
  ])
  return validUntil(timed, firstAfter(timed.now, [own, ofBudgets]))
}
