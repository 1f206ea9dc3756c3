import { assert } from './assert.ts'
import { type Instant, instantToWire } from './clock.ts'

/** A unit of the calendar, in UTC. */
export type Unit = 'MINUTE' | 'HOUR' | 'DAY' | 'WEEK' | 'MONTH' | 'YEAR'

/** The length of a window: `count` ≥ 1 units. */
export type Span = { unit: Unit; count: number }

/** From `start` up to, and without, `end`. */
export type Window = { start: Instant; end: Instant }

/** All of time: the window of what is never reset. */
export const LIFETIME: Window = {
  start: Number.NEGATIVE_INFINITY,
  end: Number.POSITIVE_INFINITY,
}

/** An end of a window, for a parameter that the statement casts to `timestamptz`. */
export function boundToSql(bound: Instant): string {
  if (bound === LIFETIME.start) return '-infinity'
  if (bound === LIFETIME.end) return 'infinity'
  return instantToWire(bound)
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
const MONTHS_OF_A_YEAR = 12
/** Units of a fixed length. UTC has no summer time, and leap seconds have no instant of ours. */
const LENGTH_MS = { MINUTE: MINUTE_MS, HOUR: 60 * MINUTE_MS, DAY: DAY_MS, WEEK: WEEK_MS }
/** 1970-01-05, the first Monday that an instant can count from. */
const FIRST_MONDAY = 4 * DAY_MS

/**
 * The instant `count` units later, or earlier if `count` is negative. Months and years keep the day
 * and the time of day; where the month has no such day, it is the month's last.
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

/** By the day before the next month's first; `Date.UTC` would take the years 0–99 for 1900–1999. */
function lastDayOfMonth(date: Date): number {
  const last = new Date(date)
  last.setUTCMonth(date.getUTCMonth() + 1, 0)
  return last.getUTCDate()
}

/** When the calendar's unit began that an instant lies in. Weeks begin on Monday (ISO 8601). */
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
 * The window that an instant lies in: [anchor + k·count units, anchor + (k + 1)·count units), where
 * k may be negative. Both ends are counted from the anchor, never from one another: from 31 January
 * months begin on 31 January, 28 February, 31 March, 30 April.
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
 * The windows that were asked for last: those of a batch share theirs, and the calendar's months
 * cost as much as everything else about a record.
 */
const RECENT = 8
const recent: { anchor: Instant; unit: Unit; count: number; window: Window }[] = []
let oldest = 0

function computeWindow(anchor: Instant, span: Span, at: Instant): Window {
  const bound = (k: number) => addUnits(anchor, span.unit, k * span.count)
  // Counting by the calendar's month may be one too far, where `at` comes earlier in it.
  const guess = Math.floor(unitsBetween(anchor, span.unit, at) / span.count)
  const k = bound(guess) <= at ? guess : guess - 1
  return { start: bound(k), end: bound(k + 1) }
}

/** Whole units from one instant to a later one; of months and years, by their numbers alone. */
function unitsBetween(from: Instant, unit: Unit, to: Instant): number {
  if (unit !== 'MONTH' && unit !== 'YEAR') return Math.floor((to - from) / LENGTH_MS[unit])
  const months = monthNumber(to) - monthNumber(from)
  return unit === 'MONTH' ? months : Math.floor(months / MONTHS_OF_A_YEAR)
}

function monthNumber(instant: Instant): number {
  const date = new Date(instant)
  return MONTHS_OF_A_YEAR * date.getUTCFullYear() + date.getUTCMonth()
}

/** Whether an instant lies in a window. */
export const contains = (window: Window, at: Instant): boolean =>
  window.start <= at && at < window.end

/** Whether two windows have the same ends. */
export const isSameWindow = (one: Window, other: Window): boolean =>
  one.start === other.start && one.end === other.end

/** The day (UTC) that an instant lies in. */
export function dayOf(at: Instant): Window {
  const start = floorTo('DAY', at)
  return { start, end: start + DAY_MS }
}
