export { addIds, type ReservationWithIds } from './add-ids.ts'
export {
  applyReservationStep,
  attributableOf,
  type ReservationAnswer,
  type ReservationContext,
  validateReservationStep,
} from './apply-reservation-step.ts'
export {
  createBackgroundExpiry,
  expireReservations,
  releaseWhenArchived,
} from './expire-reservations.ts'
export {
  listReservations,
  reservationKey,
  retrieveReservation,
  unknownReservation,
} from './queries.ts'
