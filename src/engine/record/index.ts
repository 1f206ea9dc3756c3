export {
  dedupKeyOfEvent,
  refuseNotReportable,
  type ValidationContext,
  validateEvents,
  validateReports,
} from './validate-records.ts'
