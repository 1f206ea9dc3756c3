import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { inQuery } from '../kernel/field.ts'
import { addUnits, floorTo, type Window } from '../kernel/period.ts'

export const INTERVALS = ['hour', 'day', 'month'] as const
export type Interval = (typeof INTERVALS)[number]

/** A range as it was asked for. */
export type AskedRange = { from: Instant | null; to: Instant | null }

const UNITS = { hour: 'HOUR', day: 'DAY', month: 'MONTH' } as const
/** The number of intervals without `from`. */
const DEFAULT_LENGTHS = { hour: 24, day: 30, month: 12 } as const
/** Hours are computed from records, so only the latest ones are available. */
const HOURS_DAYS = 7
const YEARS = 10
/** Points of all series together. */
const POINTS = 2000
/** The largest groups that have a series of their own. */
export const GROUPS = 10
/** The groups, one series for usage that belongs to no group, and one for the rest. */
const MOST_SERIES = GROUPS + 2

/**
 * Returns the whole intervals that contain a range. `now` is the end by default, and is part of the
 * range. 400 `InvalidArgumentError` for a range that is empty or too long.
 */
export function wholeRange({ from, to }: AskedRange, interval: Interval, now: Instant): Window {
  const unit = UNITS[interval]
  const end = ceilTo(interval, to ?? now + 1)
  const start = floorTo(unit, from ?? addUnits(end, unit, -DEFAULT_LENGTHS[interval]))
  if (start < 0) throw impossible('from', 'from is before 1970')
  if (start >= end) throw impossible('from', 'from must be before to')
  if (start < addUnits(end, 'YEAR', -YEARS))
    throw impossible('from', `from may be at most ${YEARS} years before to`)
  if (interval === 'hour' && start < addUnits(floorTo('HOUR', now), 'DAY', -HOURS_DAYS))
    throw impossible('from', `usage by hour is available for the last ${HOURS_DAYS} days`)
  return { start, end }
}

/**
 * Returns the start of each interval of a range. 400 `InvalidArgumentError` if all series together
 * would have more than 2,000 points.
 */
export function intervalsOf(range: Window, interval: Interval, isGrouped: boolean): Instant[] {
  const most = Math.floor(POINTS / (isGrouped ? MOST_SERIES : 1))
  const starts: Instant[] = []
  for (let count = 0; ; count += 1) {
    const at = addUnits(range.start, UNITS[interval], count)
    if (at >= range.end) return starts
    if (starts.length === most)
      throw impossible('from', `the range has more than ${most} intervals; shorten it`)
    starts.push(at)
  }
}

/** Returns the start of the interval that contains an instant. */
export const intervalAt = (interval: Interval, at: Instant): Instant => floorTo(UNITS[interval], at)

function ceilTo(interval: Interval, at: Instant): Instant {
  const floor = intervalAt(interval, at)
  return floor === at ? at : addUnits(floor, UNITS[interval], 1)
}

export const impossible = (name: string, message: string) =>
  badInput(inQuery(name), message, 'InvalidArgumentError')
