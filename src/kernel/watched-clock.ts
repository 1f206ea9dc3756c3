import { type Clock, type ClockStatus, type Instant, systemClock } from './clock.ts'
import { WrongClock } from './errors.ts'

/** The two clocks of a machine: the one that is set, and the one that only goes on. */
export type Machine = {
  wall(): Instant
  /** Milliseconds since some beginning; whatever is done to the other one. */
  monotonic(): number
}

export const machine: Machine = { wall: systemClock.now, monotonic: () => performance.now() }

/**
 * What another clock said between two readings of the monotonic one. The way there and back takes
 * its time, so that nothing closer is known of when it was read.
 */
export type ClockReading = { theirs: Instant; askedAtMs: number; answeredAtMs: number }

/** By how much a clock is ahead of another, in milliseconds: between these two. */
export type Skew = { leastMs: number; mostMs: number }

/**
 * Whether a clock may be relied on: it is wrong once it must be further off than allowed, and right
 * again once it cannot be. In between it stays what it was, so that a slow answer turns nothing.
 */
export function judge(wasRight: boolean, { leastMs, mostMs }: Skew, maxSkewMs: number): boolean {
  if (leastMs > maxSkewMs || mostMs < -maxSkewMs) return false
  return wasRight || (leastMs >= -maxSkewMs && mostMs <= maxSkewMs)
}

export type WatchedClock = Clock & {
  /** Takes note of what the reference says. */
  compare(reading: ClockReading): void
}

/**
 * The machine's clock beside a reference, that of the database, which is asked now and then. Each
 * time that is told is also held against the monotonic clock: a clock that is set tells no wrong
 * time, not even between two comparisons. Time that is told never goes back: a clock that was set
 * back by less than is allowed stands still for so long. What both clocks told while they were
 * wrong together is forgotten. `onTurn` hears of every turn.
 */
export function watchClock(from: {
  machine: Machine
  maxSkewMs: number
  onTurn: (standing: ClockStatus) => void
}): WatchedClock {
  const { maxSkewMs, onTurn } = from
  /** How much the reference is ahead of the monotonic clock: between these two. */
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
      // From one end of what is allowed to the other: more was another time of the reference, too.
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
