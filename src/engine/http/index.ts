export { createEngineContext } from '../cache/index.ts'
export { usageHandlers } from './records.ts'
