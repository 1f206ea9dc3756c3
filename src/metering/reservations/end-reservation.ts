import { type Instant, instantToWire } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { inBody, inPath } from '../../kernel/field.ts'
import { type Quantity, quantityToWire } from '../../kernel/quantity.ts'
import type { Reservation } from '../types.ts'

/** What a commit does if more is committed than is held. */
export type Overage = 'reject' | 'allow_if_available' | 'allow_overdraft'

/** A commit of the amount that was used. Null means the whole held amount. */
export type Commit = { amount: Quantity | null; overage: Overage }

/** The result of a commit, unless limits that must be checked deny it. */
export type CommitResult = {
  after: Reservation
  /** The amount recorded beyond the held amount. */
  beyond: Quantity
  /** Whether the limits must allow that amount. */
  mustBeAllowed: boolean
}

const SECOND_MS = 1000

/**
 * Returns a reservation as of an instant. It expires at `expiresAt`, whether or not that is stored.
 */
export const reservationAt = (reservation: Reservation, now: Instant): Reservation =>
  reservation.status === 'open' && reservation.expiresAt <= now
    ? { ...reservation, status: 'expired', updatedAt: reservation.expiresAt }
    : reservation

/**
 * Commits a reservation. If it was already committed with this amount, nothing changes. 400
 * `InvalidArgumentError` if it has ended in another way, and if more is committed than is held and
 * `overage` is `reject`.
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
      inBody('amount'),
      `amount: the reservation ${reservation.key} holds ${quantityToWire(reservation.amount)}; ` +
        'to commit more, set overage to allow_if_available or allow_overdraft',
      'InvalidArgumentError',
    )
  return {
    after: { ...reservation, status: 'committed', committedAmount: amount, updatedAt: now },
    beyond,
    mustBeAllowed: beyond > 0n && overage === 'allow_if_available',
  }
}

/**
 * Extends an open reservation to the given number of seconds from now, unless it already lasts
 * longer. 400 `InvalidArgumentError` if it has ended.
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
 * Releases a reservation without usage. If it was already released, nothing changes. 400
 * `InvalidArgumentError` if it has ended in another way.
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
  throw badInput(inPath('reservationId'), `the reservation ${key} ${how}`, 'InvalidArgumentError')
}
