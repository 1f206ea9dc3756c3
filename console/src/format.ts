const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 10 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const percents = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 })
const distances = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

export const formatNumber = (value: number): string => numbers.format(value)
/** For axes and tight places: 12.3K. */
export const formatShort = (value: number): string => short.format(value)
export const formatPercent = (ratio: number): string => percents.format(ratio)

/** `1 entity`, `3 entities`. */
export const formatCount = (count: number, one: string, many = `${one}s`): string =>
  `${formatNumber(count)} ${count === 1 ? one : many}`

export type Zone = 'local' | 'utc'

const zoneOf = (zone: Zone): { timeZone?: string } => (zone === 'utc' ? { timeZone: 'UTC' } : {})

/** `2 Nov 2026, 14:20:05`, in full. */
export const formatInstant = (instant: string, zone: Zone): string =>
  new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'medium',
    timeStyle: 'medium',
    ...zoneOf(zone),
  }).format(new Date(instant)) + (zone === 'utc' ? ' UTC' : '')

/** `2 Nov`, with the year unless it is that of now. */
export function formatDay(instant: string, { zone, nowMs }: { zone: Zone; nowMs: number }): string {
  const date = new Date(instant)
  const isThisYear = date.getUTCFullYear() === new Date(nowMs).getUTCFullYear()
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(!isThisYear && { year: 'numeric' }),
    ...zoneOf(zone),
  }).format(date)
}

export const formatClock = (instant: string, zone: Zone): string =>
  new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...zoneOf(zone),
  }).format(new Date(instant))

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600_000],
  ['month', 2_629_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
]

/** `4 minutes ago`, `in 2 days`. */
export function formatDistance(instant: string, nowMs: number): string {
  const ms = new Date(instant).getTime() - nowMs
  const [unit, size] = UNITS.find(([, each]) => Math.abs(ms) >= each) ?? ['second', 1000]
  return distances.format(Math.trunc(ms / size), unit)
}

/** `6 h 12 min`: the two largest units. For durations of at least 0. */
export function formatDuration(ms: number): string {
  const parts: [number, string][] = [
    [Math.floor(ms / 86_400_000), 'd'],
    [Math.floor(ms / 3_600_000) % 24, 'h'],
    [Math.floor(ms / 60_000) % 60, 'min'],
    [Math.floor(ms / 1000) % 60, 's'],
  ]
  const first = parts.findIndex(([value]) => value > 0)
  if (first === -1) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ')
}

const RESETS: Readonly<Record<string, string>> = {
  HOUR: 'an hour',
  DAY: 'a day',
  WEEK: 'a week',
  MONTH: 'a month',
  YEAR: 'a year',
  PT1H: 'an hour',
  P1D: 'a day',
  P1W: 'a week',
  P7D: 'every 7 days',
  P1M: 'a month',
  P3M: 'a quarter',
  P1Y: 'a year',
}

/** How often a limit starts again: `a month`. */
export const formatReset = (period: string): string => RESETS[period] ?? `every ${period}`
