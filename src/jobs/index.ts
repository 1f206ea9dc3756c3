export {
  putWorkRight,
  runDueWork,
  type Schedule,
  schedule,
  scheduleAll,
  scheduleUnlessNoted,
  unschedule,
} from './due-work.ts'
export { type Figures, readFigures } from './figures.ts'
export { type Change, type Done, findDone } from './find-done.ts'
export { type Announcing, announce, turnAnnouncementsBack } from './outbox.ts'
export { type JobRunner, startJobRunner } from './runner.ts'
export { scheduleTrimming, TRIM_OUTBOX, trimOutbox } from './trim-outbox.ts'
export type { Announcement, EventType, Work, WorkHandler, WorkHandlers } from './types.ts'
export { replacedBy } from './what-changed.ts'
