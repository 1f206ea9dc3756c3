import { dateTimeFromWire, type Instant } from './clock.ts'

/**
 * The `createdAt[…]` parameter of a list. The API document has validated the format of its
 * date-times.
 */
export type CreatedFilter = { gt?: string; gte?: string; lt?: string; lte?: string }

/** Instants from `from` (inclusive) to `until` (exclusive). Null means unbounded. */
export type CreatedRange = { from: Instant | null; until: Instant | null }

/**
 * Returns the whole milliseconds that match a filter. Records are created at whole milliseconds,
 * but a filter may be finer. Nothing is rounded: `gt=….0005` excludes `….000` and includes `….001`;
 * `lte=….0005` includes `….000` and excludes `….001`.
 */
export function createdRange(filter: CreatedFilter | undefined): CreatedRange {
  const { gt, gte, lt, lte } = filter ?? {}
  return {
    from: extreme(Math.max, [gte && reaching(gte), gt && following(gt)]),
    until: extreme(Math.min, [lt && reaching(lt), lte && following(lte)]),
  }
}

function extreme(
  pick: (...instants: Instant[]) => Instant,
  bounds: readonly (Instant | '' | undefined)[],
): Instant | null {
  const given = bounds.filter((bound) => typeof bound === 'number')
  return given.length === 0 ? null : pick(...given)
}

/** Returns the first whole millisecond at or after a date-time. */
function reaching(text: string): Instant {
  const { floor, isWhole } = dateTimeFromWire(text)
  return isWhole ? floor : floor + 1
}

/** Returns the first whole millisecond after a date-time. */
const following = (text: string): Instant => dateTimeFromWire(text).floor + 1
