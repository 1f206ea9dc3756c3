export { createEngineContext } from '../cache/index.ts'
export { archivePublisher, entitlementPublisher, publisherOfMany } from '../check/index.ts'
export { usageHandlers } from './records.ts'
