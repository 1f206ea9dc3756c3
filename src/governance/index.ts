export { budgetHandlers } from './budget-http.ts'
export { governanceHandlers } from './http.ts'
