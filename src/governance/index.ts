export { governanceHandlers } from './http.ts'
