export { checkHandlers } from './check-http.ts'
export { holdWork, releaseWhenArchived } from './free-holds.ts'
export { usageHandlers } from './http.ts'
export { reservationHandlers } from './reservation-http.ts'
