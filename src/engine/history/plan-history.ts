import type { Instant } from '../../kernel/clock.ts'
import { type ApiError, badInput } from '../../kernel/errors.ts'
import { inQuery } from '../../kernel/field.ts'
import { addUnits, floorTo, LIFETIME, type Unit, type Window } from '../../kernel/period.ts'

/** The range of a history. `end` is exclusive. */
export type HistoryRange = { start: Instant; end: Instant }

/** A span of time within one period. */
export type Segment = {
  window: Window
  /** Whether the period begins with it. */
  isFirst: boolean
}

export type HistoryPlan = {
  /**
   * The time before the range that belongs to its first period; null if a period begins with the
   * range.
   */
  before: Window | null
  /** In order of time, without gaps. */
  segments: readonly Segment[]
}

const DAY_MS = 86_400_000
const HOURS_UP_TO_MS = 2 * DAY_MS
const DAYS_UP_TO_MS = 92 * DAY_MS
const YEARS = 10
/** The maximum number of segments: hourly resets of about half a year. */
const SEGMENTS = 5000

/**
 * 400 `InvalidArgumentError` for a range that is empty or longer than ten years. `end` null: now.
 */
export function refuseRange(
  { start, end: stated }: { start: Instant; end: Instant | null },
  now: Instant,
): void {
  const end = stated ?? now + 1
  if (start < 0) throw impossible('startDate', 'startDate is before 1970')
  if (start >= end) throw impossible('startDate', 'startDate must be before endDate')
  if (end > addUnits(start, 'YEAR', YEARS) + 1)
    throw impossible(
      stated === null ? 'startDate' : 'endDate',
      `endDate may be at most ${YEARS} years after startDate`,
    )
}

/**
 * Plans a history. The range is divided at calendar hours, days or months, depending on its length,
 * and at the start of each period. 400 `InvalidArgumentError` if there are more than `SEGMENTS`.
 */
export function planHistory(range: HistoryRange, periodAt: (at: Instant) => Window): HistoryPlan {
  const { start, end } = range
  const resets = resetsIn(range, periodAt)
  const cuts = new Set([start, ...boundariesIn(range), ...resets, end])
  if (cuts.size > SEGMENTS)
    throw impossible(
      'startDate',
      `usage is reset more than ${SEGMENTS} times in the range; shorten it`,
    )
  const instants = [...cuts].sort((one, other) => one - other)
  const isReset = new Set(resets)
  const segments = instants.slice(0, -1).map((from, index) => ({
    window: { start: from, end: instants[index + 1] ?? end },
    isFirst: isReset.has(from),
  }))
  const first = periodAt(start)
  return { before: first.start === start ? null : { start: first.start, end: start }, segments }
}

/** 400 about a parameter of the query. */
export const impossible = (name: 'startDate' | 'endDate' | 'groupBy', message: string): ApiError =>
  badInput(inQuery(name), `query: ${message}`, 'InvalidArgumentError')

/** Returns the starts of periods within the range. */
function resetsIn({ start, end }: HistoryRange, periodAt: (at: Instant) => Window): Instant[] {
  const resets: Instant[] = []
  for (let period = periodAt(start); period.start < end; period = periodAt(period.end)) {
    if (period.start >= start) resets.push(period.start)
    if (period.end === LIFETIME.end || resets.length > SEGMENTS) break
  }
  return resets
}

/** Returns the starts of calendar units within the range. */
function boundariesIn({ start, end }: HistoryRange): Instant[] {
  const unit = unitOf(end - start)
  const boundaries: Instant[] = []
  const first = floorTo(unit, start)
  for (let count = 1, at = first; at < end; count += 1) {
    if (at > start) boundaries.push(at)
    at = addUnits(first, unit, count)
  }
  return boundaries
}

function unitOf(lengthMs: number): Unit {
  // A range up to now ends one millisecond after now, to include what happens now.
  if (lengthMs <= HOURS_UP_TO_MS + 1) return 'HOUR'
  return lengthMs <= DAYS_UP_TO_MS + 1 ? 'DAY' : 'MONTH'
}
