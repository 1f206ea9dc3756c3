import type { ResetAnchor } from '../api.gen.ts'
import { WEEK_ANCHORS } from '../catalog/features/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { floorTo, LIFETIME, type Window, windowAt } from '../kernel/period.ts'
import type { EffectiveEntitlement } from './types.ts'

const SUNDAY = Date.UTC(1970, 0, 4)
const DAY_MS = 86_400_000

export type UsagePeriod = { anchor: Instant; window: Window }

/**
 * Returns the period that contains `now`, and the anchor from which periods are counted. null:
 * usage is never reset.
 */
export function usagePeriod(
  { reset, anchor }: Pick<EffectiveEntitlement, 'reset' | 'anchor'>,
  now: Instant,
): UsagePeriod | null {
  if (reset === null) return null
  const from = anchorOf(reset.accordingTo, anchor)
  return { anchor: from, window: windowAt(from, { unit: reset.period, count: 1 }, now) }
}

/**
 * Returns the window whose usage is compared with the limit: the period, or the part of it that
 * contains `now` if usage starts again from 0 within the period.
 */
export function usageWindow(
  effective: Pick<EffectiveEntitlement, 'reset' | 'anchor' | 'countsFrom'>,
  now: Instant,
): Window {
  const window = usagePeriod(effective, now)?.window
  if (window === undefined) return LIFETIME
  const { countsFrom } = effective
  if (countsFrom === null || countsFrom <= window.start || countsFrom >= window.end) return window
  return now < countsFrom
    ? { start: window.start, end: countsFrom }
    : { start: countsFrom, end: window.end }
}

/**
 * Returns the start of the calendar week or month in which the source began, or the start of the
 * source itself. With the calendar the first period is shorter.
 */
function anchorOf(accordingTo: ResetAnchor | null, begun: Instant): Instant {
  if (accordingTo === null || accordingTo === 'SubscriptionStart') return begun
  if (accordingTo === 'StartOfTheMonth') return floorTo('MONTH', begun)
  const day = SUNDAY + WEEK_ANCHORS.indexOf(accordingTo) * DAY_MS
  return windowAt(day, { unit: 'WEEK', count: 1 }, begun).start
}
