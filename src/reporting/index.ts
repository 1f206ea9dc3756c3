export { reportingHandlers } from './http.ts'
