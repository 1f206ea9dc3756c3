import type { Instant } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { inQuery } from '../../kernel/field.ts'
import { addUnits, type Window } from '../../kernel/period.ts'
import { type Cadence, type CadenceOwner, windowOf } from '../cadence.ts'

/** The cadence of a budget, while it was in force. */
export type CadenceSpan = { cadence: Cadence; from: Instant; until: Instant }

/** A window of a budget. `end` is the change of the cadence if that ended the window. */
export type BudgetWindow = Window & { cadence: Cadence }

export type HistoryPlan = {
  windows: readonly BudgetWindow[]
  /**
   * Ascending: the instants at which usage is needed, from the start of the first window to the end
   * of the range.
   */
  cuts: readonly Instant[]
  range: Window
}

const MINUTE = 60_000
const DAY = 86_400_000
/** The lengths of steps, in milliseconds. */
const STEPS = [
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  60 * MINUTE,
  6 * 60 * MINUTE,
  DAY,
  7 * DAY,
  30 * DAY,
]
/** The maximum number of steps in a range. */
const STEPS_LIMIT = 600
/** The maximum number of windows in a range. */
const WINDOWS_LIMIT = 1000
const YEARS_LIMIT = 10

/** 400 for a range that is empty or longer than ten years. */
export function refuseRange({ start, end }: Window): void {
  if (start >= end) throw badInput(inQuery('from'), 'query: from must be before to, and before now')
  if (end > addUnits(start, 'YEAR', YEARS_LIMIT) + 1)
    throw badInput(inQuery('to'), `query: to may be at most ${YEARS_LIMIT} years after from`)
}

/**
 * Returns the windows of a budget in a range and the instants at which its usage is needed: the
 * ends of equal steps, and the starts and ends of windows. 400 if there are too many windows.
 */
export function planHistory(
  budget: Pick<CadenceOwner, 'isLevel' | 'createdAt'>,
  spans: readonly CadenceSpan[],
  range: Window,
): HistoryPlan {
  const windows = budget.isLevel ? [] : windowsIn(budget, spans, range)
  const first = Math.min(range.start, ...windows.map(({ start }) => start))
  const ends = windows.flatMap(({ start, end }) => [start, end])
  const cuts = [first, range.start, ...stepsIn(range), ...ends, range.end]
  return {
    windows,
    range,
    cuts: [...new Set(cuts)].filter((at) => at <= range.end).sort((one, other) => one - other),
  }
}

function windowsIn(
  { isLevel, createdAt }: Pick<CadenceOwner, 'isLevel' | 'createdAt'>,
  spans: readonly CadenceSpan[],
  range: Window,
): BudgetWindow[] {
  const windows: BudgetWindow[] = []
  for (const { cadence, from, until } of spans) {
    const owner = { cadence, isLevel, createdAt }
    const last = Math.min(until, range.end)
    for (let at = Math.max(from, range.start); at < last; ) {
      const { start, end } = windowOf(owner, at)
      windows.push({ cadence, start: Math.max(start, createdAt), end: Math.min(end, until) })
      if (windows.length > WINDOWS_LIMIT)
        throw badInput(
          inQuery('from'),
          `query: the range has more than ${WINDOWS_LIMIT} windows since from; shorten it`,
        )
      at = end
    }
  }
  return windows
}

function stepsIn({ start, end }: Window): Instant[] {
  const fits = (length: number) => (end - start) / length <= STEPS_LIMIT
  const step = STEPS.find(fits) ?? Number.POSITIVE_INFINITY
  const steps: Instant[] = []
  for (let at = Math.ceil(start / step) * step; at < end; at += step) steps.push(at)
  return steps
}
