import type { ResetAnchor } from '../api.gen.ts'
import type { Instant } from '../kernel/clock.ts'
import { floorTo, LIFETIME, type Window, windowAt } from '../kernel/period.ts'
import type { EffectiveEntitlement } from './types.ts'

/** A Sunday, and the days after it, to count weeks from. */
export const WEEK_ANCHORS = [
  'EverySunday',
  'EveryMonday',
  'EveryTuesday',
  'EveryWednesday',
  'EveryThursday',
  'EveryFriday',
  'EverySaturday',
] as const satisfies readonly ResetAnchor[]
const SUNDAY = Date.UTC(1970, 0, 4)
const DAY_MS = 86_400_000

export type UsagePeriod = { anchor: Instant; window: Window }

/** The period in which usage counts at `now`, and what it is counted from; null if all counts. */
export function usagePeriod(
  { reset, anchor }: Pick<EffectiveEntitlement, 'reset' | 'anchor'>,
  now: Instant,
): UsagePeriod | null {
  if (reset === null) return null
  const from = anchorOf(reset.accordingTo, anchor)
  return { anchor: from, window: windowAt(from, { unit: reset.period, count: 1 }, now) }
}

/** The window whose usage a limit is compared with. */
export const usageWindow = (
  held: Pick<EffectiveEntitlement, 'reset' | 'anchor'>,
  now: Instant,
): Window => usagePeriod(held, now)?.window ?? LIFETIME

/**
 * Where the calendar's week or month began in which a source began, or the instant itself at which
 * it did. The first period is the shorter for it.
 */
function anchorOf(accordingTo: ResetAnchor | null, begun: Instant): Instant {
  if (accordingTo === null || accordingTo === 'SubscriptionStart') return begun
  if (accordingTo === 'StartOfTheMonth') return floorTo('MONTH', begun)
  const day = SUNDAY + WEEK_ANCHORS.indexOf(accordingTo) * DAY_MS
  return windowAt(day, { unit: 'WEEK', count: 1 }, begun).start
}
