import { randomFillSync, randomUUID } from 'node:crypto'
import type { Instant } from './clock.ts'

/** A UUID in its lower-case text form. */
export type Uuid = string

/** Makes UUIDv7 (RFC 9562 §5.7) whose time is the instant given. */
export type Ids = {
  /**
   * The next id. Ids of one instant ascend in the order in which they were asked for, so that the
   * order of ids is the order of (creation instant, arrival) and a cursor needs nothing else.
   */
  next(now: Instant): Uuid
}

/** 12 bits of `rand_a` and 20 bits of `rand_b` count within one millisecond. */
const COUNTER_LIMIT = 2 ** 32
/** A fresh millisecond starts in the lower half, which leaves at least 2^31 ids for it. */
const COUNTER_START_LIMIT = 2 ** 31
/**
 * Milliseconds whose count is remembered. One that is asked for again is that of a customer whose
 * time is ahead, or of a clock that stands still until it has caught up.
 */
const INSTANTS = 1000
const POOL_BYTES = 16 * 256

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const hex = (byte: number): string => HEX[byte] ?? ''

export function uuidv7(): Ids {
  const pool = new Uint8Array(POOL_BYTES)
  let used = POOL_BYTES
  const counts = new Map<Instant, number>()
  let lastInstant = Number.NaN
  let counter = 0

  const random = (count: number): Uint8Array => {
    if (used + count > POOL_BYTES) {
      randomFillSync(pool)
      used = 0
    }
    used += count
    return pool.subarray(used - count, used)
  }

  const turnTo = (now: Instant): void => {
    counts.delete(lastInstant)
    counts.set(lastInstant, counter)
    if (counts.size > INSTANTS) counts.delete(counts.keys().next().value ?? now)
    lastInstant = now
    counter =
      counts.get(now) ?? new DataView(random(4).slice().buffer).getUint32(0) % COUNTER_START_LIMIT
  }

  const nextCounter = (now: Instant): number => {
    if (now !== lastInstant) turnTo(now)
    counter += 1
    if (counter >= COUNTER_LIMIT) throw new Error('more than 2^31 ids within one millisecond')
    return counter
  }

  return {
    next(now) {
      const count = nextCounter(now)
      const time = now.toString(16).padStart(12, '0')
      const high = (count >>> 20).toString(16).padStart(3, '0')
      const middle = (0x8000 | ((count >>> 6) & 0x3fff)).toString(16)
      const low = ((count & 0x3f) << 2) | ((random(1)[0] ?? 0) & 0x3)
      const tail = hex(low) + [...random(5)].map(hex).join('')
      return `${time.slice(0, 8)}-${time.slice(8)}-7${high}-${middle}-${tail}`
    },
  }
}

/**
 * A version that nothing has had before. Versions are compared for equality alone, so that a
 * database which a fail-over has put back never has one of what it has lost.
 */
export const newVersion = (): Uuid => randomUUID()

/** The version of what was never changed. */
export const NO_VERSION: Uuid = '00000000-0000-0000-0000-000000000000'

/**
 * The lowest key that a record made at `instant` can have; every earlier record's key is below it.
 */
export const firstKeyAt = (instant: Instant): Uuid => {
  const time = Math.max(0, instant).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}

/** The instant at which the record of a key was made. */
export const instantOfKey = (key: Uuid): Instant =>
  Number.parseInt(key.slice(0, 8) + key.slice(9, 13), 16)
