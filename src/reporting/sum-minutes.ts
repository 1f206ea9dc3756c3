import type { MinuteCounts } from '../decisions/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { OverviewPoint } from './types.ts'

/** Instants from `from` (inclusive) to `until` (exclusive), in steps. */
export type Steps = { from: Instant; until: Instant; intervalMs: number }

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Up to this length, points are minutes; beyond, they are ten minutes. */
const MINUTES_UP_TO_MS = 6 * HOUR_MS

/**
 * Returns the steps of a window that ends now. The last step contains now. The first one begins at
 * most one step earlier than the window.
 */
export function stepsOf(windowMs: number, now: Instant): Steps {
  const intervalMs = windowMs <= MINUTES_UP_TO_MS ? MINUTE_MS : 10 * MINUTE_MS
  const until = now - (now % intervalMs) + intervalMs
  return { from: until - Math.ceil(windowMs / intervalMs) * intervalMs, until, intervalMs }
}

const NOTHING: MinuteCounts = {
  checks: 0,
  consumptions: 0,
  reservations: 0,
  granted: 0,
  records: 0,
  denials: {},
}

/** Returns one point for each step, also for those without any counts, and the sum of all. */
export function sumMinutes(
  { from, until, intervalMs }: Steps,
  minutes: readonly { minute: Instant; counts: MinuteCounts }[],
): { points: OverviewPoint[]; total: MinuteCounts } {
  const length = (until - from) / intervalMs
  const points = Array.from({ length }, (_, index) => ({
    at: from + index * intervalMs,
    counts: NOTHING,
  }))
  let total = NOTHING
  for (const { minute, counts } of minutes) {
    const point = points[Math.floor((minute - from) / intervalMs)]
    if (point === undefined) continue
    point.counts = plus(point.counts, counts)
    total = plus(total, counts)
  }
  return { points, total }
}

function plus(one: MinuteCounts, other: MinuteCounts): MinuteCounts {
  const denials = { ...one.denials }
  for (const [reason, count] of Object.entries(other.denials))
    denials[reason] = (denials[reason] ?? 0) + count
  return {
    checks: one.checks + other.checks,
    consumptions: one.consumptions + other.consumptions,
    reservations: one.reservations + other.reservations,
    granted: one.granted + other.granted,
    records: one.records + other.records,
    denials,
  }
}

/** The number of denials. */
export const deniedOf = ({ denials }: MinuteCounts): number =>
  Object.values(denials).reduce((sum, count) => sum + count, 0)
