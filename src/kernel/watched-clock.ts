import { type Clock, type ClockStatus, type Instant, systemClock } from './clock.ts'
import { WrongClock } from './errors.ts'

/** The two clocks of a machine: the wall clock, which can be set, and the monotonic clock. */
export type Machine = {
  wall(): Instant
  /** Milliseconds since an arbitrary start. Setting the wall clock does not change it. */
  monotonic(): number
}

export const machine: Machine = { wall: systemClock.now, monotonic: () => performance.now() }

/**
 * The time of another clock, and the monotonic clock before the request and after the response. The
 * other clock was read at some moment between these two.
 */
export type ClockReading = { theirs: Instant; askedAtMs: number; answeredAtMs: number }

/** By how many milliseconds a clock is ahead of another, at least and at most. */
export type Skew = { leastMs: number; mostMs: number }

/**
 * Returns whether a clock is right. It becomes wrong once its skew certainly exceeds the maximum,
 * and right again once its skew is certainly within the maximum. If neither is certain, for example
 * because the response was slow, the result is `wasRight`.
 */
export function judge(wasRight: boolean, { leastMs, mostMs }: Skew, maxSkewMs: number): boolean {
  if (leastMs > maxSkewMs || mostMs < -maxSkewMs) return false
  return wasRight || (leastMs >= -maxSkewMs && mostMs <= maxSkewMs)
}

export type WatchedClock = Clock & {
  /** Takes a reading of the reference clock into account. */
  compare(reading: ClockReading): void
}

/**
 * Returns the machine's clock, guarded by a reference clock (that of the database) that is read
 * every few seconds. In between, each time is compared with the monotonic clock. So it is noticed
 * at once if somebody sets the machine's clock. The returned time does not go back: if the clock is
 * set back a little, the time stands still until the clock has caught up. Exception: if it is set
 * back by more than twice the maximum skew, both clocks were wrong before, and the time follows it.
 * `onTurn` is called whenever the clock becomes wrong or right.
 */
export function watchClock(from: {
  machine: Machine
  maxSkewMs: number
  onTurn: (standing: ClockStatus) => void
}): WatchedClock {
  const { maxSkewMs, onTurn } = from
  /** By how much the reference is ahead of the monotonic clock. */
  let ahead: Skew | null = null
  let isRight = true
  let told = Number.NEGATIVE_INFINITY

  const standingAt = (wall: Instant): ClockStatus | null => {
    if (ahead === null) return null
    const passed = wall - from.machine.monotonic()
    const skew = { leastMs: passed - ahead.mostMs, mostMs: passed - ahead.leastMs }
    const skewMs = Math.round((skew.leastMs + skew.mostMs) / 2)
    const before = isRight
    isRight = judge(before, skew, maxSkewMs)
    if (isRight !== before) onTurn({ isRight, skewMs })
    return { isRight, skewMs }
  }
  return {
    isTest: false,
    now: () => {
      const wall = from.machine.wall()
      if (standingAt(wall)?.isRight !== true) throw new WrongClock()
      // A difference of the whole allowed range or more means that the reference was wrong, too.
      if (told < wall || told - wall > 2 * maxSkewMs) told = wall
      return told
    },
    compare: ({ theirs, askedAtMs, answeredAtMs }) => {
      ahead = { leastMs: theirs - answeredAtMs, mostMs: theirs - askedAtMs }
      standingAt(from.machine.wall())
    },
    standing: () => standingAt(from.machine.wall()),
  }
}
