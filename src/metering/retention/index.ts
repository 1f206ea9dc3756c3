export {
  closedKeptMs,
  nextPurge,
  PURGE_USAGE,
  type PurgeCount,
  purgeRow,
  purgeUsage,
  schedulePurge,
} from './purge-usage.ts'
