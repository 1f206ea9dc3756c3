export { releaseWhenArchived } from './free-holds.ts'
export { usageHandlers } from './http.ts'
