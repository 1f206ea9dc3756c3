export { checkHandlers } from './check-http.ts'
export { usageHandlers } from './http.ts'
