export {
  attributableOf,
  type KnownReservations,
  type PreparedSettling,
  prepareSettling,
  type SettlingAnswer,
  settle,
} from './end-reservations.ts'
export { createNoteExpired, freeExpired, releaseWhenArchived } from './free-holds.ts'
export { type NamedReservation, nameReservations } from './name-reservations.ts'
export {
  listReservations,
  reservationKey,
  retrieveReservation,
  unknownReservation,
} from './queries.ts'
