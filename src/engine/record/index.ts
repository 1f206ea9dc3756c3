export {
  refuseUnreportable,
  type ValidationContext,
  validateEvents,
  validateReports,
} from './validate-records.ts'
