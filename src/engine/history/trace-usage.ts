import type { UnitTransformation } from '../../api.gen.ts'
import { transformUnits } from '../../catalog/features/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Aggregate, PartialAggregate } from '../../metering/index.ts'
import { NOTHING, usageOf } from '../../metering/totals/index.ts'
import type { Segment } from './plan-history.ts'

/** The usage of a period up to an instant. Usage at the instant itself is not included. */
export type Point = { timestamp: Instant; value: Quantity; isResetPoint: boolean }

/** The partial aggregates of the time before the range and of each segment. */
export type UsageTrace = { before: PartialAggregate; tallies: readonly PartialAggregate[] }

/**
 * Returns the running total of usage within its period: at the start of the range, at the end of
 * each segment, and 0 at each reset. In the units of the limit, never below 0.
 */
export function traceUsage(
  segments: readonly Segment[],
  { before, tallies }: UsageTrace,
  by: { aggregate: Aggregate; transformation: UnitTransformation | null },
): Point[] {
  const points: Point[] = []
  const add = (timestamp: Instant, tally: PartialAggregate, isResetPoint: boolean) => {
    const value = transformUnits(usageOf(tally, by.aggregate), by.transformation)
    points.push({ timestamp, value: value < 0n ? 0n : value, isResetPoint })
  }
  let running = before
  segments.forEach(({ window, isFirst }, index) => {
    if (isFirst) running = NOTHING
    if (isFirst || index === 0) add(window.start, running, isFirst)
    running = together(running, tallies[index] ?? NOTHING)
    add(window.end, running, false)
  })
  return points
}

/**
 * Combines the partial aggregates of two segments of one period. Distinct values are those that are
 * new in their segment.
 */
const together = (one: PartialAggregate, other: PartialAggregate): PartialAggregate => ({
  count: one.count + other.count,
  sum: one.sum + other.sum,
  min: lesser(one.min, other.min),
  max: greater(one.max, other.max),
  distinct: one.distinct + other.distinct,
})

const lesser = (one: Quantity | null, other: Quantity | null): Quantity | null =>
  one === null || (other !== null && other < one) ? other : one
const greater = (one: Quantity | null, other: Quantity | null): Quantity | null =>
  one === null || (other !== null && other > one) ? other : one
