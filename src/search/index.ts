export { searchHandlers } from './http.ts'
