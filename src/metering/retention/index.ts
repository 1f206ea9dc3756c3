export {
  closedKeptMs,
  FORGOTTEN_AT_ONCE,
  nextPurge,
  PURGE_USAGE,
  type PurgeCount,
  purgeRow,
  purgeUsage,
  schedulePurge,
} from './purge-usage.ts'
