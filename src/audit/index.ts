export { auditHandlers } from './http.ts'
