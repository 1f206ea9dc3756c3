export { budgetHistoryHandlers } from './http.ts'
