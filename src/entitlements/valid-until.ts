import type { Instant } from '../kernel/clock.ts'
import type { Window } from '../kernel/period.ts'
import type { Source } from './types.ts'

/**
 * The first instant after `now` at which the answer may change without anybody doing anything: a
 * usage period ends, a source ends or begins. null: none is known.
 */
export function validUntil(
  sources: readonly Source[],
  window: Window | null,
  now: Instant,
): Instant | null {
  const changes = sources.flatMap(({ startsAt, endsAt }) => [startsAt, endsAt])
  const later = [...changes, window?.end ?? null]
    .filter((instant) => instant !== null)
    .filter((instant) => instant > now && Number.isFinite(instant))
  return later.length === 0 ? null : Math.min(...later)
}
