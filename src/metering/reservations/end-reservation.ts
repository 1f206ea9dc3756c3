import { type Instant, instantToWire } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { type Quantity, quantityToWire } from '../../kernel/quantity.ts'
import type { Reservation } from '../types.ts'

/** What becomes of a commit of more than is held. */
export type Overage = 'reject' | 'allow_if_available' | 'allow_overdraft'

/** What was used of a reservation; null is all that it holds. */
export type Commit = { amount: Quantity | null; overage: Overage }

/** What a commit comes to, unless limits that have to be asked deny it. */
export type CommitResult = {
  after: Reservation
  /** Recorded beyond what was held. */
  beyond: Quantity
  /** Whether the limits have to allow what is beyond. */
  mustBeAllowed: boolean
}

const SECOND_MS = 1000

/** A reservation at an instant: whether or not anybody has noted it, it ends at `expiresAt`. */
export const reservationAt = (reservation: Reservation, now: Instant): Reservation =>
  reservation.status === 'open' && reservation.expiresAt <= now
    ? { ...reservation, status: 'expired', updatedAt: reservation.expiresAt }
    : reservation

/**
 * Commits a reservation. One that has been committed with the amount already stays as it is. 400
 * `InvalidArgumentError` for any other end, and for more than is held unless `overage` allows it.
 */
export function commitReservation(
  before: Reservation,
  { amount: used, overage }: Commit,
  now: Instant,
): CommitResult {
  const reservation = reservationAt(before, now)
  const amount = used ?? reservation.amount
  const isDone = reservation.status === 'committed' && reservation.committedAmount === amount
  if (isDone) return { after: reservation, beyond: 0n, mustBeAllowed: false }
  refuseEnded(reservation)
  const beyond = amount > reservation.amount ? amount - reservation.amount : 0n
  if (beyond > 0n && overage === 'reject')
    throw badInput(
      `amount: the reservation ${reservation.key} holds ${quantityToWire(reservation.amount)}; ` +
        'overage can allow more',
      'InvalidArgumentError',
    )
  return {
    after: { ...reservation, status: 'committed', committedAmount: amount, updatedAt: now },
    beyond,
    mustBeAllowed: beyond > 0n && overage === 'allow_if_available',
  }
}

/**
 * Holds an open reservation until so many seconds from now, or as long as before if that is longer.
 * 400 `InvalidArgumentError` for one that has ended.
 */
export function extendReservation(
  before: Reservation,
  ttlSeconds: number,
  now: Instant,
): Reservation {
  const reservation = reservationAt(before, now)
  refuseEnded(reservation)
  const expiresAt = now + ttlSeconds * SECOND_MS
  if (expiresAt <= reservation.expiresAt) return reservation
  return { ...reservation, expiresAt, updatedAt: now }
}

/**
 * Ends a reservation without a use. One that is released already stays as it is. 400
 * `InvalidArgumentError` for any other end.
 */
export function releaseReservation(before: Reservation, now: Instant): Reservation {
  const reservation = reservationAt(before, now)
  if (reservation.status === 'released') return reservation
  refuseEnded(reservation)
  return { ...reservation, status: 'released', updatedAt: now }
}

function refuseEnded({ key, status, committedAmount, expiresAt }: Reservation): void {
  if (status === 'open') return
  const how = {
    committed: `was committed with ${quantityToWire(committedAmount ?? 0n)}`,
    released: 'was released',
    expired: `expired at ${instantToWire(expiresAt)}`,
  }[status]
  throw badInput(`the reservation ${key} ${how}`, 'InvalidArgumentError')
}
