export { closedKeptMs, purgeRow, usagePurge } from './purge-usage.ts'
