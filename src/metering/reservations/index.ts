export {
  type Commit,
  commitReservation,
  extendReservation,
  releaseReservation,
  reservationAt,
} from './end-reservation.ts'
export { findHoldEnd, findHoldEnds } from './hold-end-store.ts'
export {
  expiredHolds,
  freeTotals,
  type Hold,
  heldPostings,
  holdOf,
  holdsFromJson,
  moveHolds,
} from './hold-store.ts'
export {
  findExpired,
  findNextToExpire,
  findOpen,
  findReservations,
  firstExpired,
  listReservations,
  type ReservationOf,
  saveReservations,
} from './reservation-store.ts'
