export {
  rejectNotReportable,
  type ValidationContext,
  validateEvents,
  validateReports,
} from './validate-records.ts'
