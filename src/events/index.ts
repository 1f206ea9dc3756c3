export { type Change, type Done, findDone } from './find-changes.ts'
export { type PublishContext, publish, turnAnnouncementsBack } from './outbox.ts'
export { scheduleTrimming, TRIM_OUTBOX, trimOutbox } from './purge-outbox.ts'
export type { Event, EventType } from './types.ts'
