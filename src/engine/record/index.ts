export {
  type Known,
  prepareEvents,
  prepareReports,
  refuseUnreportable,
} from './validate-records.ts'
