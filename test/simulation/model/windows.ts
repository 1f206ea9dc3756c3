import type { Instant } from '../../../src/kernel/clock.ts'
import type { Reset } from './state.ts'

/** From `start` (inclusive) to `end` (exclusive). */
export type Window = { start: Instant; end: Instant }

export const ALWAYS: Window = {
  start: Number.NEGATIVE_INFINITY,
  end: Number.POSITIVE_INFINITY,
}

type Unit = 'MINUTE' | 'HOUR' | 'DAY' | 'WEEK' | 'MONTH' | 'YEAR'
type Span = { unit: Unit; count: number }

export const isIn = (window: Window, at: Instant): boolean => window.start <= at && at < window.end

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DAYS_OF_A_WEEK = 7
const LENGTH = { MINUTE, HOUR, DAY, WEEK: DAYS_OF_A_WEEK * DAY }

/** Ten years in each unit: the longest cadence. A year has at most 366 days. */
const LONGEST = {
  MINUTE: 10 * 366 * 24 * 60,
  HOUR: 10 * 366 * 24,
  DAY: 10 * 366,
  WEEK: 522,
  MONTH: 120,
  YEAR: 10,
}

const CADENCE = /^P(?:([1-9]\d{0,3})([YMWD])|T([1-9]\d{0,4})([HM]))$/
const DATE_UNITS: Readonly<Record<string, Unit>> = { Y: 'YEAR', M: 'MONTH', W: 'WEEK', D: 'DAY' }
const TIME_UNITS: Readonly<Record<string, Unit>> = { H: 'HOUR', M: 'MINUTE' }

/** Reads a cadence; null if it is invalid. The oldest clients send `MONTH` for `P1M`. */
export function spanOf(cadence: string): Span | null {
  const [, days, dateUnit = '', hours, timeUnit = ''] =
    CADENCE.exec(cadence === 'MONTH' ? 'P1M' : cadence) ?? []
  const unit = DATE_UNITS[dateUnit] ?? TIME_UNITS[timeUnit]
  const count = Number(days ?? hours)
  return unit === undefined || count > LONGEST[unit] ? null : { unit, count }
}

/** Returns a budget's window that contains `at`, counted from the unit of its creation. */
export function windowOf(cadence: string, createdAt: Instant, at: Instant): Window {
  const span = spanOf(cadence)
  if (span === null) throw new Error(`not a cadence: ${cadence}`)
  return walk(floor(span.unit, createdAt), span, at)
}

/** Returns the instant from which an entitlement's periods are counted. */
export function periodAnchor(reset: Reset, startsAt: Instant): Instant {
  if (reset.accordingTo === 'StartOfTheMonth') return floor('MONTH', startsAt)
  const weekday = WEEKDAYS.indexOf(reset.accordingTo)
  if (weekday === -1) return startsAt
  let day = floor('DAY', startsAt)
  while (new Date(day).getUTCDay() !== weekday) day -= DAY
  return day
}

/** In the order of `getUTCDay`. */
const WEEKDAYS = [
  'EverySunday',
  'EveryMonday',
  'EveryTuesday',
  'EveryWednesday',
  'EveryThursday',
  'EveryFriday',
  'EverySaturday',
]

/** Returns an entitlement's period that contains `at`: all time if it is never reset. */
export function periodOf(reset: Reset | null, startsAt: Instant, at: Instant): Window {
  if (reset === null) return ALWAYS
  return walk(periodAnchor(reset, startsAt), { unit: reset.unit, count: 1 }, at)
}

/** Tries one window after another. Each is computed from the anchor. */
function walk(anchor: Instant, { unit, count }: Span, at: Instant): Window {
  const bound = (k: number) => plus(anchor, unit, k * count)
  let k = nearby(anchor, { unit, count }, at)
  while (bound(k) > at) k -= 1
  while (bound(k + 1) <= at) k += 1
  return { start: bound(k), end: bound(k + 1) }
}

/** Returns where `walk` begins. From the anchor, windows of minutes could take a million steps. */
function nearby(anchor: Instant, { unit, count }: Span, at: Instant): number {
  const length = unit === 'MONTH' ? 30 * DAY : unit === 'YEAR' ? 365 * DAY : LENGTH[unit]
  return Math.round((at - anchor) / (length * count))
}

function plus(anchor: Instant, unit: Unit, count: number): Instant {
  if (unit !== 'MONTH' && unit !== 'YEAR') return anchor + count * LENGTH[unit]
  const from = new Date(anchor)
  const month = from.getUTCMonth() + (unit === 'YEAR' ? 12 : 1) * count
  const lastDay = new Date(Date.UTC(from.getUTCFullYear(), month + 1, 0)).getUTCDate()
  const day = Math.min(from.getUTCDate(), lastDay)
  return Date.UTC(from.getUTCFullYear(), month, day) + (anchor - floor('DAY', anchor))
}

/** Returns the start of the unit that contains an instant. Weeks begin on Monday. */
function floor(unit: Unit, at: Instant): Instant {
  const date = new Date(at)
  if (unit === 'YEAR') return Date.UTC(date.getUTCFullYear())
  if (unit === 'MONTH') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
  if (unit !== 'WEEK') return at - (at % LENGTH[unit])
  const sinceMonday = (date.getUTCDay() + 6) % DAYS_OF_A_WEEK
  return floor('DAY', at) - sinceMonday * DAY
}
