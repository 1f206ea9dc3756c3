export { type Change, findRequestChanges, type RequestChanges } from './find-changes.ts'
export { type PublishContext, publish, turnEventsBack } from './outbox.ts'
export { PURGE_OUTBOX, purgeOutbox, scheduleOutboxPurge } from './purge-outbox.ts'
export type { Event, EventType } from './types.ts'
