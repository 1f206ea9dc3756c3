export {
  closedKeptMs,
  FORGOTTEN_AT_ONCE,
  nextTrimming,
  scheduleTrimming,
  TRIM_USAGE,
  type Trimmed,
  trimmedRow,
  trimUsage,
} from './purge-usage.ts'
