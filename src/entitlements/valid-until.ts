import type { Instant } from '../kernel/clock.ts'
import type { Window } from '../kernel/period.ts'
import type { UsageAmount } from '../metering/index.ts'
import type { Decision, Source } from './types.ts'

/** Returns the first of the instants after `now`, or null if there is none. */
export function firstAfter(now: Instant, instants: readonly (Instant | null)[]): Instant | null {
  const later = instants
    .filter((instant) => instant !== null)
    .filter((instant) => instant > now && Number.isFinite(instant))
  return later.length === 0 ? null : Math.min(...later)
}

/**
 * Returns the first instant after `now` at which an entitlement may change without any write: a
 * usage period ends, or a source begins or ends. null if none is known. Ends of holds are not
 * included; see `isBlockedByHold`.
 */
export function validUntil(
  sources: readonly Source[],
  window: Window | null,
  now: Instant,
): Instant | null {
  const changes = sources.flatMap(({ startsAt, endsAt }) => [startsAt, endsAt])
  return firstAfter(now, [...changes, window?.end ?? null])
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
