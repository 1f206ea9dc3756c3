import { assert } from './assert.ts'

/** An instant: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

/** The one source of the time of the domain. Nothing else reads the machine's clock for it. */
export type Clock = {
  /** Throws `WrongClock` while the time is not to be relied on. */
  now(): Instant
  /** Whether it is moved at will: then no other clock says whether it is right. */
  readonly isTest: boolean
  /** How it stands to the clock that it is compared with; null where it is to none. */
  standing(): ClockStatus | null
}

/** By how many milliseconds a clock is ahead of another, and whether it may be relied on. */
export type ClockStatus = { skewMs: number; isRight: boolean }

const alone = () => null

export const systemClock: Clock = { now: () => Date.now(), isTest: false, standing: alone }

/** A clock that can be moved, for tests and for `POST /test/clock`. */
export type MovableClock = Clock & {
  /** Jumps to `to`; time goes on from there. `null` returns to the machine's time. */
  moveTo(to: Instant | null): void
}

/** A clock that runs with `base` at an offset, which may be negative. */
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

/** A clock that stands still until it is moved. `null` returns it to where it started. */
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

let lastInstant = Number.NaN
let lastText = ''

/**
 * ISO-8601 in UTC with milliseconds: the only form in which an instant leaves Bursar. The last one
 * is remembered, since the rows of a batch share theirs: formatting took 7 % of a batch's time.
 */
export function instantToWire(instant: Instant): string {
  if (instant !== lastInstant) {
    lastText = new Date(instant).toISOString()
    lastInstant = instant
  }
  return lastText
}

const FORM =
  /^(\d{4}-\d\d-\d\d)[t\s](\d\d:\d\d):(\d\d)(?:\.(\d+))?(?:z| ?([+-])(\d\d)(?::?(\d\d))?)$/i

/**
 * Reads a date-time (RFC 3339, or with a blank before its offset) whose form the contract has
 * checked: the millisecond that it lies in, and whether it is exactly its beginning. A second
 * may be numbered 60: it is the first of the next minute.
 */
export function dateTimeFromWire(text: string): { floor: Instant; isWhole: boolean } {
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

/** The millisecond that a date-time of the contract lies in. */
export const instantFromWire = (text: string): Instant => dateTimeFromWire(text).floor
