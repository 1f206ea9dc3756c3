import { type Ahead, turnedBack } from '../kernel/ahead.ts'
import type { Instant } from '../kernel/clock.ts'
import { addUnits } from '../kernel/period.ts'
import { SPANS } from './grant-promotional.ts'
import type { PromotionalEntitlement } from './types.ts'

/** What of a revision of a grant the clock has written. */
export type GrantInstants = Pick<
  PromotionalEntitlement,
  'period' | 'startsAt' | 'since' | 'endsAt' | 'createdAt' | 'updatedAt'
> & { superseded: boolean }

/**
 * A revision of a grant without what a clock that was ahead has written. One that was granted in
 * the future begins at the instant of turning back and lasts as long as it was to; one that was
 * revoked or changed there ended at it. An end that the caller has named stays.
 */
export function turnGrantBack<T extends GrantInstants>(grant: T, ahead: Ahead): T {
  const startsAt = turnedBack(grant.startsAt, ahead)
  return {
    ...grant,
    startsAt,
    since: turnedBack(grant.since, ahead),
    endsAt: endOf(grant, startsAt, ahead),
    createdAt: turnedBack(grant.createdAt, ahead),
    updatedAt: turnedBack(grant.updatedAt, ahead),
  }
}

function endOf(grant: GrantInstants, startsAt: Instant, ahead: Ahead): Instant | null {
  const { period, endsAt, updatedAt, superseded } = grant
  if (endsAt === null) return null
  // Revoking and changing end a revision at the instant at which they are written down.
  if (superseded || endsAt === updatedAt) return turnedBack(endsAt, ahead)
  if (startsAt === grant.startsAt || period === 'custom' || period === 'lifetime') return endsAt
  return addUnits(startsAt, SPANS[period].unit, SPANS[period].count)
}
