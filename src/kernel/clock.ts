import { assert } from './assert.ts'

/** An instant: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

/** The only source of domain time. Only this file reads the machine's clock for it. */
export type Clock = {
  /** Throws `WrongClock` while the clock is known to be wrong. */
  now(): Instant
  /** Whether tests move this clock. Then it is not compared with any other clock. */
  readonly isTest: boolean
  /** How this clock differs from its reference, or null if it has none. */
  standing(): ClockStatus | null
}

/** By how many milliseconds a clock is ahead of its reference, and whether that is acceptable. */
export type ClockStatus = { skewMs: number; isRight: boolean }

const alone = () => null

export const systemClock: Clock = { now: () => Date.now(), isTest: false, standing: alone }

/** A clock that can be moved, for tests and for `POST /test/clock`. */
export type MovableClock = Clock & {
  /** Jumps to `to` and runs on from there. `null` returns to the time of the base clock. */
  moveTo(to: Instant | null): void
}

/** Returns a clock that is ahead of `base` by an offset, which may be negative. */
export function offsetClock(base: Clock): MovableClock {
  let offsetMs = 0
  return {
    isTest: true,
    standing: alone,
    now: () => base.now() + offsetMs,
    moveTo: (to) => {
      offsetMs = to === null ? 0 : to - base.now()
    },
  }
}

/** Returns a clock that stands still until it is moved. `null` returns it to `start`. */
export function frozenClock(start: Instant): MovableClock {
  let current = start
  return {
    isTest: true,
    standing: alone,
    now: () => current,
    moveTo: (to) => {
      current = to ?? start
    },
  }
}

/** How many texts of instants are cached. A power of 2. */
const TEXTS = 64
const instants = new Float64Array(TEXTS).fill(Number.NaN)
const texts: string[] = new Array(TEXTS).fill('')

/**
 * Returns ISO 8601 in UTC with milliseconds, the only format in which Bursar sends instants. The
 * last results are cached, because the rows of a batch share their instant, and many responses the
 * ends of windows. Without the cache, formatting takes 7 % of the time of a batch.
 */
export function instantToWire(instant: Instant): string {
  // Ends of windows are whole hours: their lower bits alone would choose few places.
  const place = (instant ^ (instant / 1000) ^ (instant / 3_600_000)) & (TEXTS - 1)
  if (instants[place] !== instant) {
    texts[place] = new Date(instant).toISOString()
    instants[place] = instant
  }
  return texts[place] as string
}

export const instantOrNullToWire = (instant: Instant | null): string | null =>
  instant === null ? null : instantToWire(instant)

const FORM =
  /^(\d{4}-\d\d-\d\d)[t\s](\d\d:\d\d):(\d\d)(?:\.(\d+))?(?:z| ?([+-])(\d\d)(?::?(\d\d))?)$/i

/**
 * Parses a date-time (RFC 3339, or with a blank before its offset) whose format the API document
 * has validated. Returns the millisecond that contains it, and whether it is exactly the start of
 * that millisecond. Second 60 is the first second of the next minute.
 */
export function dateTimeFromWire(text: string): { floor: Instant; isWhole: boolean } {
  const match = FORM.exec(text)
  assert(match !== null, `a date-time that the API document accepts: ${text}`)
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

/** Returns the millisecond that contains a date-time. */
export const instantFromWire = (text: string): Instant => dateTimeFromWire(text).floor
