export {
  closedKeptMs,
  nextPurge,
  PURGE_BATCH_ROWS,
  PURGE_USAGE,
  type PurgeCount,
  purgeRow,
  purgeUsage,
  schedulePurge,
} from './purge-usage.ts'
