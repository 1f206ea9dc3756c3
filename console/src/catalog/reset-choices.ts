import type { ResetPeriod } from '../../../src/api.gen.ts'
import { labelledChoices } from '../ui/choices.ts'

/** When the usage of a limit starts again. */
export const RESETS = labelledChoices<ResetPeriod | 'NEVER'>({
  NEVER: 'never',
  HOUR: 'every hour',
  DAY: 'every day',
  WEEK: 'every week',
  MONTH: 'every month',
  YEAR: 'every year',
})
