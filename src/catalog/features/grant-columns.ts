import type { ResetAnchor } from '../../api.gen.ts'
import { column, row } from '../../db/index.ts'
import type { Allowance, Reset } from './types.ts'

/** The days of the week, counted from a Sunday. */
export const WEEK_ANCHORS = [
  'EverySunday',
  'EveryMonday',
  'EveryTuesday',
  'EveryWednesday',
  'EveryThursday',
  'EveryFriday',
  'EverySaturday',
] as const satisfies readonly ResetAnchor[]

const ANCHORS = [
  'SubscriptionStart',
  'StartOfTheMonth',
  ...WEEK_ANCHORS,
] as const satisfies readonly ResetAnchor[]

/** The columns of an allowance, in every table of what gives a feature. */
export const allowanceColumns = column.group(
  row<Allowance>({
    limit: column.from('usage_limit', column.nullable(column.quantity)),
    isUnlimited: column.boolean,
    isSoft: column.boolean,
    enumValues: column.json<string[]>(),
  }),
)

/** The columns of a reset, in every table of what gives a feature. */
export const resetColumns = column.optional(
  'reset_period',
  row<Reset>({
    period: column.from('reset_period', column.oneOf('YEAR', 'MONTH', 'WEEK', 'DAY', 'HOUR')),
    accordingTo: column.from('reset_according_to', column.nullable(column.oneOf(...ANCHORS))),
  }),
)
