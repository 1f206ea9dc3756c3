import type { Instant } from '../kernel/clock.ts'
import type { Window } from '../kernel/period.ts'
import type { UsageAmount } from '../metering/index.ts'
import type { Decision, ResolvedSources } from './types.ts'

/** Returns the first of the instants after `now`, or null if there is none. */
export function firstAfter(now: Instant, instants: readonly (Instant | null)[]): Instant | null {
  const later = instants
    .filter((instant) => instant !== null)
    .filter((instant) => instant > now && Number.isFinite(instant))
  return later.length === 0 ? null : Math.min(...later)
}

/**
 * Returns the first instant after `now` at which an entitlement may change without any write: a
 * usage period ends, a source begins or ends, or a subscription changes. null if none is known.
 * Ends of holds are not included; see `isBlockedByHold`.
 */
export function validUntil(
  { sources, changesAt }: Pick<ResolvedSources, 'sources' | 'changesAt'>,
  window: Window | null,
  now: Instant,
): Instant | null {
  // Each check does this, and a feature may have a hundred sources.
  let first = Number.POSITIVE_INFINITY
  for (const { startsAt, endsAt } of sources) {
    if (startsAt > now && startsAt < first) first = startsAt
    if (endsAt !== null && endsAt > now && endsAt < first) first = endsAt
  }
  return firstAfter(now, [first, changesAt, window?.end ?? null])
}

/**
 * Returns whether a hold may have caused a denial. If so, the result may change when a reservation
 * expires.
 */
export const isBlockedByHold = ({
  decision,
  featureState,
}: {
  decision: Decision
  featureState: { used: UsageAmount } | null
}): boolean =>
  !decision.isGranted && decision.rule === 'HardLimit' && (featureState?.used.held ?? 0n) > 0n
