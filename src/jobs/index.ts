export {
  correctDueTimes,
  isAnyDue,
  type Schedule,
  scheduleAll,
  scheduleRecurring,
  unschedule,
} from './due-work.ts'
export { type JobGauges, readGauges } from './gauges.ts'
export {
  allGone,
  PURGE_STEP_ROWS,
  type Purge,
  type PurgeCount,
  purgeWork,
  schedulePurge,
} from './purge.ts'
export { type JobRunner, startJobRunner } from './runner.ts'
export { GOES_ON, type Work, type WorkHandler, type WorkHandlers } from './types.ts'
