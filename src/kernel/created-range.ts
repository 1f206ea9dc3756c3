import { dateTimeFromWire, type Instant } from './clock.ts'

/** The `createdAt[…]` parameter of a list: date-times whose form the contract has checked. */
export type CreatedFilter = { gt?: string; gte?: string; lt?: string; lte?: string }

/** Instants from `from` (inclusive) until `until` (exclusive); null is no bound. */
export type CreatedRange = { from: Instant | null; until: Instant | null }

/**
 * The whole milliseconds that lie within a filter. Records are made at whole milliseconds while a
 * filter may have finer digits: nothing is rounded, so `gt=….0005` leaves out `….000` and takes
 * `….001`, and `lte=….0005` the other way round.
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

/** The first whole millisecond at or after a date-time. */
function reaching(text: string): Instant {
  const { floor, isWhole } = dateTimeFromWire(text)
  return isWhole ? floor : floor + 1
}

/** The first whole millisecond after a date-time. */
const following = (text: string): Instant => dateTimeFromWire(text).floor + 1
