export { usageHandlers } from './records.ts'
