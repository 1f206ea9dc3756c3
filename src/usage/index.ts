export { usageHandlers } from './http.ts'
