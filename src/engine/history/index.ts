export { listPastEntitlements } from './past-entitlements.ts'
export { type History, readHistory } from './queries.ts'
