/** An instant: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

/** The one source of the time of the domain. Nothing else reads the machine's clock for it. */
export type Clock = { now(): Instant }

export const systemClock: Clock = { now: () => Date.now() }

/** A clock that can be moved, for tests and for `POST /test/clock`. */
export type MovableClock = Clock & {
  /** Jumps to `to`; time goes on from there. `null` returns to the machine's time. */
  moveTo(to: Instant | null): void
}

/** A clock that runs with `base` at an offset, which may be negative. */
export function offsetClock(base: Clock): MovableClock {
  let offsetMs = 0
  return {
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

/** Reads an ISO-8601 date-time that the contract has already checked for its form. */
export const instantFromWire = (text: string): Instant => Date.parse(text)
