import type { UnitTransformation } from '../api.gen.ts'
import { type Sql, sql } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'

/** A capability, and how its usage becomes units of limits. */
export type UsageUnits = {
  key: Uuid
  transformation: Pick<UnitTransformation, 'divide' | 'round'> | null
}

/**
 * Joins for the budget `a`: `c` has its counter of the window that contains `now`, if there is one,
 * `units.usage` the displayed usage in the units of the limit, and `used.utilization` the part of
 * the limit. `unit.divide` is the transformation. For each budget, only the latest counter whose
 * window has begun is looked up, however many windows the budget has had. The start of that window
 * plus the cadence shows whether the window is over. The session is in UTC, like the windows. Units
 * are computed as in `transformUnits`, with exact integer division.
 */
export function currentUsage(of: {
  customerKey: Uuid
  capabilities: readonly UsageUnits[]
  now: Instant
}): Sql {
  const now = sql`${instantToWire(of.now)}::timestamptz`
  const transformations = JSON.stringify(
    Object.fromEntries(
      of.capabilities.map(({ key, transformation }) => [
        key,
        { divide: transformation?.divide, round: transformation?.round },
      ]),
    ),
  )
  return sql`
      cross join lateral (
        select ${transformations}::jsonb -> a.capability_key::text as transformation
      ) capability
      cross join lateral (
        select (transformation ->> 'divide')::numeric as divide, transformation ->> 'round' as round
      ) unit
      left join lateral (
        select of.usage, of.held, of.window_start from budget_counters of
        where of.customer_key = ${of.customerKey}::uuid and of.assignment_key = a.assignment_key
          and of.revision = a.revision and of.window_start <= ${now}
        order by of.window_start desc limit 1
      ) c on a.is_level or c.window_start + a.cadence::interval > ${now}
      cross join lateral (select greatest(c.usage, 0) as usage) counted
      cross join lateral (
        select case
          when unit.divide is null then counted.usage
          when unit.round = 'UP' and counted.usage % unit.divide > 0
            then div(counted.usage, unit.divide) + 1
          else div(counted.usage, unit.divide)
        end as usage
      ) units
      cross join lateral (
        select case
          when a.usage_limit = 0 then 1 else round(units.usage / a.usage_limit, 10)
        end as utilization
      ) used`
}
