import type { UsageSeries, UsageTimeline } from '../../../../src/api.gen.ts'
import { formatCount, formatNumber } from '../../format.ts'
import type { Interval } from './address.ts'

const FORMS: Readonly<Record<Interval, Intl.DateTimeFormatOptions>> = {
  hour: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  day: { day: 'numeric', month: 'short' },
  month: { month: 'short', year: 'numeric' },
}

/** Intervals begin in UTC, whatever the zone of the person is. */
export const intervalText = (instant: string, interval: Interval): string =>
  new Intl.DateTimeFormat('en-GB', { ...FORMS[interval], timeZone: 'UTC' }).format(
    new Date(instant),
  )

export const TEXTS = {
  empty: 'No feature is metered yet. Usage of features with a meter appears here.',
  rest: 'all others',
  unattributed: 'without an entity',
  all: 'usage',
  more: (count: number) => `These are the first ${count} features. Choose one to see another.`,
} as const

export function nameOf({ kind, entityId, name }: UsageSeries): string {
  if (kind === 'REST') return TEXTS.rest
  if (kind === 'UNATTRIBUTED') return TEXTS.unattributed
  return name ?? entityId ?? TEXTS.all
}

/** The chart in one sentence. All its numbers are those of the answer. */
export function summaryOf(timeline: UsageTimeline, interval: Interval): string {
  const { total, timestamps, series } = timeline
  const length = formatCount(timestamps.length, interval)
  if (total === 0 && series.every((each) => each.total === 0)) return `Nothing in ${length}.`
  const largest = largestOf(timeline)
  const most =
    largest.kind !== 'ALL'
      ? `, most by ${nameOf(largest)}: ${formatNumber(largest.total)}`
      : peakText(largest, timestamps, interval)
  return `${formatNumber(total)} in ${length}${most}.`
}

const NONE = { kind: 'ALL', customerId: null, entityId: null, name: null, total: 0, values: [] }

function largestOf({ series }: UsageTimeline): UsageSeries {
  const first: UsageSeries = series[0] ?? (NONE as UsageSeries)
  return series.reduce((most, each) => (each.total > most.total ? each : most), first)
}

function peakText(series: UsageSeries, timestamps: readonly string[], interval: Interval): string {
  const peak = Math.max(...series.values)
  const at = timestamps[series.values.indexOf(peak)]
  return at === undefined ? '' : `, at most ${formatNumber(peak)}: ${intervalText(at, interval)}`
}
