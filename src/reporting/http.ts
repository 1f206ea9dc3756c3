import type { OverviewCounts, Overview as WireOverview } from '../api.gen.ts'
import type { DecisionRecorder, MinuteCounts } from '../decisions/index.ts'
import { instantFromWire, instantToWire } from '../kernel/clock.ts'
import type { Handlers } from '../operation.ts'
import { readOverview } from './queries.ts'
import { deniedOf } from './sum-minutes.ts'
import type { Overview } from './types.ts'
import { readSeries, readTop, type UsageQuery } from './usage-queries.ts'
import { timelineToCsv, timelineToWire, topToWire } from './usage-wire.ts'

const MINUTE_MS = 60_000
const WINDOWS = { '15m': 15, '1h': 60, '6h': 360, '24h': 1440, '48h': 2880 } as const

export const reportingHandlers = (
  recorder: DecisionRecorder,
): Handlers<'v1.overview.retrieve' | 'v1.usage.top' | 'v1.usage.series'> => ({
  'v1.overview.retrieve': async ({ query }, call) => {
    const windowMs = WINDOWS[query.window ?? '1h'] * MINUTE_MS
    return { data: overviewToWire(await readOverview(call, recorder, windowMs)) }
  },
  'v1.usage.top': async ({ query }, call) => {
    const { by = 'customer', limit = DEFAULT_TOP } = query
    return { data: topToWire(await readTop(call, { ...usageFromWire(query), by, limit })) }
  },
  'v1.usage.series': async ({ query }, call) => {
    const { interval = 'day', groupBy = null } = query
    const asked = { ...usageFromWire(query), interval, groupBy }
    const found = await readSeries(call, asked)
    return call.prefersCsv
      ? timelineToCsv(found, { isRaw: query.raw === true })
      : { data: timelineToWire(found) }
  },
})

const DEFAULT_TOP = 10

type WireUsageQuery = { featureId: string; customerId?: string[]; from?: string; to?: string }

const usageFromWire = (query: WireUsageQuery): UsageQuery => ({
  featureId: query.featureId,
  customerIds: query.customerId ?? null,
  from: query.from === undefined ? null : instantFromWire(query.from),
  to: query.to === undefined ? null : instantFromWire(query.to),
})

const overviewToWire = (overview: Overview): WireOverview => ({
  from: instantToWire(overview.from),
  to: instantToWire(overview.until),
  intervalSeconds: overview.intervalMs / 1000,
  total: {
    ...countsToWire(overview.total),
    denials: Object.entries(overview.total.denials)
      .map(([accessDeniedReason, count]) => ({ accessDeniedReason, count }))
      .toSorted((one, other) => other.count - one.count),
  },
  points: overview.points.map(({ at, counts }) => ({
    timestamp: instantToWire(at),
    ...countsToWire(counts),
  })),
  customers: overview.customers,
  openReservations: overview.openReservations,
  entityTotal: overview.entityTotal,
  entities: overview.entities.map((each) => ({ ...each })),
})

const countsToWire = (counts: MinuteCounts): OverviewCounts => ({
  checks: counts.checks,
  consumptions: counts.consumptions,
  reservations: counts.reservations,
  granted: counts.granted,
  denied: deniedOf(counts),
  records: counts.records,
})
