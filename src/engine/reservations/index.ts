export {
  applyReservationStep,
  attributableOf,
  type KnownReservations,
  type ReservationAnswer,
  type ValidatedReservationStep,
  validateReservationStep,
} from './end-reservations.ts'
export { createNoteExpired, freeExpired, releaseWhenArchived } from './free-holds.ts'
export { type NamedReservation, nameReservations } from './name-reservations.ts'
export {
  listReservations,
  reservationKey,
  retrieveReservation,
  unknownReservation,
} from './queries.ts'
