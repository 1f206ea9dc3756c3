import { type Ahead, turnedBack } from '../kernel/ahead.ts'
import type { Instant } from '../kernel/clock.ts'
import { addUnits } from '../kernel/period.ts'
import { SPANS } from './grant-promotional.ts'
import type { PromotionalEntitlement } from './types.ts'

/** The instants of a revision, and the fields that are needed to correct them. */
export type PromotionalInstants = Pick<
  PromotionalEntitlement,
  'period' | 'startsAt' | 'since' | 'endsAt' | 'createdAt' | 'updatedAt'
> & { superseded: boolean }

/**
 * Returns a revision with the instants corrected that a clock which was ahead has written. If it
 * starts in the future, it starts now and keeps its length. If it was revoked or changed in the
 * future, that happened now. An end that the caller chose stays.
 */
export function turnPromotionalBack<T extends PromotionalInstants>(revision: T, ahead: Ahead): T {
  const startsAt = turnedBack(revision.startsAt, ahead)
  return {
    ...revision,
    startsAt,
    since: turnedBack(revision.since, ahead),
    endsAt: endOf(revision, startsAt, ahead),
    createdAt: turnedBack(revision.createdAt, ahead),
    updatedAt: turnedBack(revision.updatedAt, ahead),
  }
}

function endOf(revision: PromotionalInstants, startsAt: Instant, ahead: Ahead): Instant | null {
  const { period, endsAt, updatedAt, superseded } = revision
  if (endsAt === null) return null
  // Revoking or changing ends a revision at the instant that is also its `updatedAt`.
  if (superseded || endsAt === updatedAt) return turnedBack(endsAt, ahead)
  if (startsAt === revision.startsAt || period === 'custom' || period === 'lifetime') return endsAt
  return addUnits(startsAt, SPANS[period].unit, SPANS[period].count)
}
