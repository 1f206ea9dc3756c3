import type { Reservation as WireReservation } from '../../api.gen.ts'
import { instantToWire } from '../../kernel/clock.ts'
import { quantityToWire } from '../../kernel/quantity.ts'
import type { ReservationWithIds } from '../reservations/index.ts'

export const reservationToWire = (
  reservation: ReservationWithIds,
  customerId: string,
): WireReservation => ({
  id: reservation.key,
  customerId,
  featureId: reservation.featureId,
  currencyId: null,
  resourceId: reservation.resourceId,
  status: reservation.status,
  amount: quantityToWire(reservation.amount),
  committedAmount:
    reservation.committedAmount === null ? null : quantityToWire(reservation.committedAmount),
  dimensions: reservation.dimensions === null ? {} : JSON.parse(reservation.dimensions),
  timestamp: instantToWire(reservation.occurredAt),
  expiresAt: instantToWire(reservation.expiresAt),
  createdAt: instantToWire(reservation.createdAt),
  updatedAt: instantToWire(reservation.updatedAt),
})
