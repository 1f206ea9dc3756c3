export { createUsageWriter, type UsageWriter } from './writer.ts'
