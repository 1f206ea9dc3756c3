import type { Instant } from '../kernel/clock.ts'
import type { Window } from '../kernel/period.ts'
import type { UsageAmount } from '../metering/index.ts'
import type { Decision, Source } from './types.ts'

/** The first of the instants after `now`; null: there is none. */
export function firstAfter(now: Instant, instants: readonly (Instant | null)[]): Instant | null {
  const later = instants
    .filter((instant) => instant !== null)
    .filter((instant) => instant > now && Number.isFinite(instant))
  return later.length === 0 ? null : Math.min(...later)
}

/**
 * The first instant after `now` at which what a customer is entitled to may change without anybody
 * doing anything: a usage period ends, a source ends or begins. null: none is known. What is held
 * is left to whoever can look for its end: see `isHeldUp`.
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
 * Whether what is held of its limit may be in the way of what a customer is denied: then the answer
 * may change when one of the reservations expires.
 */
export const isHeldUp = ({
  decision,
  holding,
}: {
  decision: Decision
  holding: { used: UsageAmount } | null
}): boolean =>
  !decision.isGranted && decision.rule === 'HardLimit' && (holding?.used.held ?? 0n) > 0n
