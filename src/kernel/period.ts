import { assert } from './assert.ts'
import { type Instant, instantToWire } from './clock.ts'

/** A unit of the calendar, in UTC. */
export type Unit = 'MINUTE' | 'HOUR' | 'DAY' | 'WEEK' | 'MONTH' | 'YEAR'

/** The length of a window: `count` units, at least 1. */
export type Span = { unit: Unit; count: number }

/** From `start` (inclusive) to `end` (exclusive). */
export type Window = { start: Instant; end: Instant }

/** The window of all time, for usage that is never reset. */
export const LIFETIME: Window = {
  start: Number.NEGATIVE_INFINITY,
  end: Number.POSITIVE_INFINITY,
}

/** Returns an end of a window as a parameter that the statement casts to `timestamptz`. */
export function boundToSql(bound: Instant): string {
  if (bound === LIFETIME.start) return '-infinity'
  if (bound === LIFETIME.end) return 'infinity'
  return instantToWire(bound)
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
const MONTHS_OF_A_YEAR = 12
/**
 * The units of fixed length. UTC has no daylight saving time, and instants do not count leap
 * seconds.
 */
const LENGTH_MS = { MINUTE: MINUTE_MS, HOUR: 60 * MINUTE_MS, DAY: DAY_MS, WEEK: WEEK_MS }
/** 1970-01-05, the first Monday since instant 0. */
const FIRST_MONDAY = 4 * DAY_MS

/**
 * Returns the instant `count` units later, or earlier if `count` is negative. Months and years keep
 * the day and the time of day. If the month is too short, the result is its last day.
 */
export function addUnits(instant: Instant, unit: Unit, count: number): Instant {
  if (unit === 'MONTH') return addMonths(instant, count)
  if (unit === 'YEAR') return addMonths(instant, MONTHS_OF_A_YEAR * count)
  return instant + LENGTH_MS[unit] * count
}

function addMonths(instant: Instant, count: number): Instant {
  const date = new Date(instant)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + count)
  date.setUTCDate(Math.min(day, lastDayOfMonth(date)))
  return date.getTime()
}

/**
 * Computed from the first day of the next month. `Date.UTC` would read the years 0–99 as 1900–1999.
 */
function lastDayOfMonth(date: Date): number {
  const last = new Date(date)
  last.setUTCMonth(date.getUTCMonth() + 1, 0)
  return last.getUTCDate()
}

/**
 * Returns the start of the calendar unit that contains an instant. Weeks begin on Monday (ISO
 * 8601).
 */
export function floorTo(unit: Unit, instant: Instant): Instant {
  if (unit === 'WEEK') return instant - modulo(instant - FIRST_MONDAY, WEEK_MS)
  if (unit !== 'MONTH' && unit !== 'YEAR') return instant - modulo(instant, LENGTH_MS[unit])
  const date = new Date(floorTo('DAY', instant))
  date.setUTCDate(1)
  if (unit === 'YEAR') date.setUTCMonth(0)
  return date.getTime()
}

const modulo = (value: number, by: number): number => ((value % by) + by) % by

/**
 * Returns the window that contains an instant: [anchor + k·count units, anchor + (k + 1)·count
 * units), where k may be negative. Both ends are computed from the anchor and never from each
 * other. Months from 31 January begin on 31 January, 28 February, 31 March, 30 April.
 */
export function windowAt(anchor: Instant, span: Span, at: Instant): Window {
  assert(Number.isSafeInteger(span.count) && span.count >= 1, `a span of ${span.count} units`)
  const { unit, count } = span
  for (const known of recent)
    if (known.anchor === anchor && known.unit === unit && known.count === count)
      if (contains(known.window, at)) return known.window
  const window = computeWindow(anchor, span, at)
  recent[oldest] = { anchor, unit, count, window }
  oldest = (oldest + 1) % RECENT
  return window
}

/**
 * How many of the latest windows are cached. The records of a batch share their windows, and to
 * compute a calendar month takes as long as everything else that is done for a record.
 */
const RECENT = 8
const recent: { anchor: Instant; unit: Unit; count: number; window: Window }[] = []
let oldest = 0

function computeWindow(anchor: Instant, span: Span, at: Instant): Window {
  const bound = (k: number) => addUnits(anchor, span.unit, k * span.count)
  // The month number may be one too high, if `at` is earlier in its month than the anchor.
  const guess = Math.floor(unitsBetween(anchor, span.unit, at) / span.count)
  const k = bound(guess) <= at ? guess : guess - 1
  return { start: bound(k), end: bound(k + 1) }
}

/**
 * Returns the number of whole units between two instants. For months and years it only compares the
 * numbers of the months.
 */
function unitsBetween(from: Instant, unit: Unit, to: Instant): number {
  if (unit !== 'MONTH' && unit !== 'YEAR') return Math.floor((to - from) / LENGTH_MS[unit])
  const months = monthNumber(to) - monthNumber(from)
  return unit === 'MONTH' ? months : Math.floor(months / MONTHS_OF_A_YEAR)
}

function monthNumber(instant: Instant): number {
  const date = new Date(instant)
  return MONTHS_OF_A_YEAR * date.getUTCFullYear() + date.getUTCMonth()
}

/** Returns whether a window contains an instant. */
export const contains = (window: Window, at: Instant): boolean =>
  window.start <= at && at < window.end

/** Returns whether two windows have the same ends. */
export const isSameWindow = (one: Window, other: Window): boolean =>
  one.start === other.start && one.end === other.end

/** Returns the UTC day that contains an instant. */
export function dayOf(at: Instant): Window {
  const start = floorTo('DAY', at)
  return { start, end: start + DAY_MS }
}
