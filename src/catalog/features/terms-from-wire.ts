import type {
  MonthlyResetPeriodConfig,
  WeeklyResetPeriodConfig,
  YearlyResetPeriodConfig,
} from '../../api.gen.ts'
import { type Quantity, wholeUnits } from '../../kernel/quantity.ts'
import type { GrantTerms } from './types.ts'

/** Returns the configuration of each reset period in a request. */
export const accordingToFromWire = (wire: {
  yearlyResetPeriodConfiguration?: YearlyResetPeriodConfig | null
  monthlyResetPeriodConfiguration?: MonthlyResetPeriodConfig | null
  weeklyResetPeriodConfiguration?: WeeklyResetPeriodConfig | null
}): GrantTerms['accordingTo'] => ({
  YEAR: wire.yearlyResetPeriodConfiguration?.accordingTo ?? null,
  MONTH: wire.monthlyResetPeriodConfiguration?.accordingTo ?? null,
  WEEK: wire.weeklyResetPeriodConfiguration?.accordingTo ?? null,
})

/** Returns a limit in whole units. Null and an absent limit stay so. */
export const limitFromWire = <Absent extends null | undefined>(
  wire: number | Absent,
): Quantity | Absent => (typeof wire === 'number' ? wholeUnits(wire) : wire)
