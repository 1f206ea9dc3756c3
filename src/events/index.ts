export { type Change, type Done, findDone } from './find-changes.ts'
export { type PublishContext, publish, turnAnnouncementsBack } from './outbox.ts'
export { PURGE_OUTBOX, purgeOutbox, scheduleOutboxPurge } from './purge-outbox.ts'
export type { Event, EventType } from './types.ts'
