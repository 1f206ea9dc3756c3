export { entityTreeHandlers } from './http.ts'
