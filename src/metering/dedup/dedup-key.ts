import { hash } from 'node:crypto'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { MeterSubject } from '../types.ts'

/**
 * The deduplication key of a record, by which a repetition is recognised: 128 bits in 32 digits.
 */
export type DedupKey = string

const HOUR_MS = 3_600_000

/** How long a deduplication key is stored, in milliseconds. */
export const KEPT_MS = {
  /** A key that a caller chose. */
  keyed: 35 * 24 * HOUR_MS,
  /** The key of an event without a timestamp, which a retry could not repeat. */
  untimed: 24 * HOUR_MS,
} as const

const nameOf = (...parts: readonly (string | number | null)[]): DedupKey =>
  hash('sha256', JSON.stringify(parts), 'hex').slice(0, 32)

/** The deduplication key of a report. The caller's key is unique per feature and resource. */
export const nameOfReport = (metered: MeterSubject, key: string): DedupKey =>
  nameOf('usage', metered.featureKey, metered.resourceKey, key)

/** The deduplication key of an event. `stated` is the timestamp that was sent, null for none. */
export const nameOfEvent = (event: {
  eventName: string
  resourceKey: Uuid
  key: string
  stated: Instant | null
}): DedupKey => nameOf('event', event.eventName, event.resourceKey, event.key, event.stated)

/** The deduplication key of a consumption or hold. The caller's key is unique per resource. */
export const nameOfUse = (use: {
  operation: 'consume' | 'reserve'
  resourceKey: Uuid
  key: string
}): DedupKey => nameOf(use.operation, use.resourceKey, use.key)

/** A hash of 128 bits of what a consumption requests. A repetition must have the same hash. */
export const contentOfUse = (use: {
  featureKey: Uuid
  amount: Quantity
  dimensions: Readonly<Record<string, string | number | boolean>>
}): string =>
  nameOf(
    use.featureKey,
    String(use.amount),
    JSON.stringify(
      Object.entries(use.dimensions).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    ),
  )

/**
 * The hash under which a distinct value is stored: 128 bits in 32 digits. SQL computes the same.
 */
export const hashOfMark = (mark: string): string => hash('sha256', mark, 'hex').slice(0, 32)
