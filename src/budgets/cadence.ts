import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import type { Field } from '../kernel/field.ts'
import { floorTo, type Span, type Unit, type Window, windowAt } from '../kernel/period.ts'

/**
 * The length of a budget's windows: an ISO 8601 duration with one unit, such as `P1M` or `PT15M`.
 */
export type Cadence = string

/** Everything that determines the windows of a budget. */
export type CadenceOwner = { cadence: Cadence; isLevel: boolean; createdAt: Instant }

/** The only window of a level: from 1970, before which nothing occurs, without an end. */
export const LEVEL_WINDOW: Window = { start: 0, end: Number.POSITIVE_INFINITY }

const FORM = /^P(?:([1-9]\d{0,3})([YMWD])|T([1-9]\d{0,4})([HM]))$/

const UNITS = 'P<n>Y, P<n>M, P<n>W or P<n>D with n up to 9999, PT<n>H or PT<n>M up to 99999'

const DATE_UNITS: Readonly<Record<string, Unit>> = { Y: 'YEAR', M: 'MONTH', W: 'WEEK', D: 'DAY' }
const TIME_UNITS: Readonly<Record<string, Unit>> = { H: 'HOUR', M: 'MINUTE' }

/** Ten years in each unit. No window is longer. */
const MOST: Readonly<Record<Unit, number>> = {
  YEAR: 10,
  MONTH: 120,
  WEEK: 521,
  DAY: 3650,
  HOUR: 87_600,
  MINUTE: 5_256_000,
}

/**
 * Returns the cadence of a request. The oldest clients send `MONTH` for `P1M`. Nothing else is
 * normalized: windows of `P12M` and `P1Y` begin at different instants. 400 for another format, and
 * for more than ten years.
 */
export function cadenceFromWire(text: string, field: Field): Cadence {
  const cadence = text === 'MONTH' ? 'P1M' : text
  const span = spanOf(cadence)
  if (span === null)
    throw badInput(
      field,
      `${field} must be an ISO 8601 duration with one unit, such as P1M: ${UNITS}`,
    )
  if (span.count > MOST[span.unit]) throw badInput(field, `${field} must be at most ten years`)
  return cadence
}

function spanOf(cadence: Cadence): Span | null {
  const [, days, dateUnit = '', times, timeUnit = ''] = FORM.exec(cadence) ?? []
  const unit = days === undefined ? TIME_UNITS[timeUnit] : DATE_UNITS[dateUnit]
  return unit === undefined ? null : { unit, count: Number(days ?? times) }
}

/** The span and the anchor of a budget's windows. Cached, because every record needs it. */
type WindowCount = { span: Span; anchor: Instant }
const known = new WeakMap<CadenceOwner, WindowCount>()

function countedBy(budget: CadenceOwner): WindowCount {
  const before = known.get(budget)
  if (before !== undefined) return before
  const span = required(spanOf(budget.cadence), 'a stored cadence')
  const counted = { span, anchor: floorTo(span.unit, budget.createdAt) }
  known.set(budget, counted)
  return counted
}

/**
 * Returns the window of a budget that contains an instant. Windows are counted from the start of
 * the calendar unit in which the budget was created. Windows of one unit are calendar units, such
 * as months from their first day. If a window has several units, the first window begins with the
 * unit in which the budget was created. After a change of the cadence, windows are counted from the
 * same instant. A level has one window, whatever its cadence.
 */
export function windowOf(budget: CadenceOwner, at: Instant): Window {
  if (budget.isLevel) return LEVEL_WINDOW
  const { anchor, span } = countedBy(budget)
  return windowAt(anchor, span, at)
}

/**
 * Returns whether usage at an instant counts for a budget: if it occurred at the budget's creation
 * or later. Earlier usage never counts, however late it arrives and whatever the windows are.
 */
export const countsAt = ({ createdAt }: Pick<CadenceOwner, 'createdAt'>, at: Instant): boolean =>
  at >= createdAt

/**
 * Returns the windows of a budget from the one that contains `from` to the one that contains
 * `until`.
 */
export function windowsBetween(budget: CadenceOwner, from: Instant, until: Instant): Window[] {
  const windows = [windowOf(budget, from)]
  for (let { end } = windowOf(budget, from); end <= until; ) {
    const window = windowOf(budget, end)
    windows.push(window)
    end = window.end
  }
  return windows
}
