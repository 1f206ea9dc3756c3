import { assert } from './assert.ts'
import type { Instant } from './clock.ts'

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
  const { floor, isWhole } = parsed(text)
  return isWhole ? floor : floor + 1
}

/** The first whole millisecond after a date-time. */
const following = (text: string): Instant => parsed(text).floor + 1

const FORM =
  /^(\d{4}-\d\d-\d\d)[t\s](\d\d:\d\d):(\d\d)(?:\.(\d+))?(?:z|([+-])(\d\d)(?::?(\d\d))?)$/i

/** RFC 3339, where a second may be numbered 60: it is the first of the next minute. */
function parsed(text: string): { floor: Instant; isWhole: boolean } {
  const match = FORM.exec(text)
  assert(match !== null, `a date-time that the contract let through: ${text}`)
  const [, date, minute, second, fraction = '', sign, hours = '0', minutes = '0'] = match
  const offsetMinutes = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'))
  const floor =
    Date.parse(`${date}T${minute}:00Z`) +
    Number(second) * 1000 +
    milliseconds -
    offsetMinutes * 60_000
  return { floor, isWhole: /^0*$/.test(fraction.slice(3)) }
}
