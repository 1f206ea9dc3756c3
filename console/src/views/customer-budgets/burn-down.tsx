import type { BudgetHistory, BudgetStanding } from '../../../../src/api.gen.ts'
import { useSession } from '../../api/session.tsx'
import { EVERY, useRead } from '../../api/use-read.ts'
import { BurnDownChart, type Remainder } from '../../charts/burn-down.tsx'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { formatInstant, formatNumber } from '../../format.ts'
import { usePreferences } from '../../preferences.ts'
import { Loaded } from '../../ui/states.tsx'

/** The window in progress of a budget with a limit: what is left of it, and when it runs out. */
export function BurnDown({ budget }: { budget: BudgetStanding }) {
  const { id } = useCustomer()
  const { zone } = usePreferences()
  const { usagePeriodStart: start, usagePeriodEnd: end, usageLimit, exhaustsAt } = budget
  const isOn =
    useSession().whyNot('v1.customers.budgets.retrieveHistory') === null &&
    start !== null &&
    usageLimit !== null
  const reading = useRead(
    'v1.customers.budgets.retrieveHistory',
    { params: { id, budgetId: budget.id }, query: start === null ? {} : { from: start } },
    { everyMs: EVERY.total, isOn },
  )
  if (!isOn || start === null || end === null) return null
  const timeOf = (ms: number) => formatInstant(new Date(ms).toISOString(), zone)
  return (
    <Loaded reading={reading} rows={4}>
      {({ data }) => (
        <BurnDownChart
          label="What is left of the window"
          summary={summaryOf(budget, (instant) => formatInstant(instant, zone))}
          startMs={new Date(start).getTime()}
          endMs={new Date(end).getTime()}
          points={pointsOf(data, start)}
          exhaustsAtMs={exhaustsAt === null ? null : new Date(exhaustsAt).getTime()}
          timeOf={timeOf}
        />
      )}
    </Loaded>
  )
}

/** Differences are only drawn. The numbers that are told are those of the answer. */
const pointsOf = ({ points }: BudgetHistory, start: string): Remainder[] =>
  points.flatMap(({ timestamp, usage, usageLimit }) =>
    usageLimit === null || timestamp < start
      ? []
      : [
          {
            atMs: new Date(timestamp).getTime(),
            left: usageLimit - usage,
            used: usage,
            limit: usageLimit,
          },
        ],
  )

function summaryOf(budget: BudgetStanding, timeOf: (instant: string) => string): string {
  const { currentUsage, usageLimit, remaining, exhaustsAt, usagePeriodEnd } = budget
  const used = `${formatNumber(currentUsage)} of ${formatNumber(usageLimit ?? 0)} used`
  const left = `${formatNumber(remaining ?? 0)} left`
  if (remaining === 0) return `${used}, nothing left until ${timeOf(usagePeriodEnd ?? '')}.`
  return exhaustsAt === null
    ? `${used}, ${left}. At this pace it lasts until ${timeOf(usagePeriodEnd ?? '')}.`
    : `${used}, ${left}. At this pace it runs out on ${timeOf(exhaustsAt)}.`
}
