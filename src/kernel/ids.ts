import { randomFillSync, randomUUID } from 'node:crypto'
import type { Instant } from './clock.ts'

/** A UUID in its lower-case text form. */
export type Uuid = string

/** Generates UUIDv7 (RFC 9562 §5.7) for a given instant. */
export type Ids = {
  /**
   * Returns the next id. Ids of the same instant ascend in the order of the calls, so the order of
   * ids is the order of (creation instant, arrival) and can serve as a cursor.
   */
  next(now: Instant): Uuid
}

/** The 12 bits of `rand_a` and 20 bits of `rand_b` are a counter within one millisecond. */
const COUNTER_LIMIT = 2 ** 32
/** The counter of a new millisecond starts in the lower half, which leaves at least 2^31 ids. */
const COUNTER_START_LIMIT = 2 ** 31
/**
 * The number of milliseconds whose counters the generator caches. An earlier millisecond is
 * requested again for a customer whose time is ahead, or while a corrected clock stands still.
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
 * Returns a version that was never used before. Versions are only compared for equality. They are
 * random, so that a database that lost transactions in a fail-over cannot reuse a lost version.
 */
export const newVersion = (): Uuid => randomUUID()

/** The version of something that was never changed. */
export const NO_VERSION: Uuid = '00000000-0000-0000-0000-000000000000'

/**
 * Returns the lowest key that a record created at `instant` can have. The keys of all earlier
 * records are lower.
 */
export const firstKeyAt = (instant: Instant): Uuid => {
  const time = Math.max(0, instant).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}

/** Returns the instant at which the record with this key was created. */
export const instantOfKey = (key: Uuid): Instant =>
  Number.parseInt(key.slice(0, 8) + key.slice(9, 13), 16)
