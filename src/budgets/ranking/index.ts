export { rankedBudgetHandlers } from './http.ts'
export { rankBudgets } from './rank-budgets.ts'
