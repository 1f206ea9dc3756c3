export { type Change, type Done, findDone } from './find-changes.ts'
export { type Announcing, announce, turnAnnouncementsBack } from './outbox.ts'
export { scheduleTrimming, TRIM_OUTBOX, trimOutbox } from './purge-outbox.ts'
export type { Announcement, EventType } from './types.ts'
