import type { Reader } from '../../db/index.ts'
import { firstAfter } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { HoldOwner, Outcome, Shown } from '../participants/index.ts'
import { blockingHoldsOf, changesOf } from '../participants/index.ts'

/** Returns what participants have shown of a decision at `now`. */
export function outcomeOf({ evaluated, credit, chains = [] }: Shown, now: Instant): Outcome {
  if (evaluated !== undefined) return { now, entitlement: evaluated, chains }
  const { decision } = required(credit, 'the decision by the entitlement')
  return { now, entitlement: { decision, featureState: null, validUntil: null }, chains }
}

/**
 * Returns the first instant after `now` at which the result may change without a write: an
 * entitlement begins, ends or is reset; a budget is reset; or a hold that may have caused the
 * denial ends. `holdEnd` is when the first such hold ends.
 */
export const validUntil = (outcome: Outcome, holdEnd: Instant | null): Instant | null =>
  firstAfter(outcome.now, [...changesOf(outcome), holdEnd])

/** Returns `validUntil`. Reads the ends of holds only if holds may have caused the denial. */
export async function readValidUntil(
  reader: Reader,
  outcome: Outcome,
  owner: HoldOwner,
): Promise<Instant | null> {
  const blocking = blockingHoldsOf(outcome, owner)
  const ends = await Promise.all(blocking.map((holds) => holds.readEnd(reader)))
  return validUntil(outcome, firstAfter(outcome.now, ends))
}
