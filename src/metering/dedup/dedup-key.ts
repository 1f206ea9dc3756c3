import { hash } from 'node:crypto'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { MeterSubject } from '../types.ts'

/** The name of a record, by which a repetition is known: 128 bits, 32 digits. */
export type DedupKey = string

const HOUR_MS = 3_600_000

/** For how long a name is remembered, in milliseconds. */
export const KEPT_MS = {
  /** A key that a caller chose. */
  keyed: 35 * 24 * HOUR_MS,
  /** Of an event without a timestamp, which a retry could not repeat. */
  untimed: 24 * HOUR_MS,
} as const

const nameOf = (...parts: readonly (string | number | null)[]): DedupKey =>
  hash('sha256', JSON.stringify(parts), 'hex').slice(0, 32)

/** The name of a reported value: its key counts once for a feature and a resource. */
export const nameOfReport = (metered: MeterSubject, key: string): DedupKey =>
  nameOf('usage', metered.featureKey, metered.resourceKey, key)

/** The name of an event. `stated` is its timestamp, null if it came without. */
export const nameOfEvent = (event: {
  eventName: string
  resourceKey: Uuid
  key: string
  stated: Instant | null
}): DedupKey => nameOf('event', event.eventName, event.resourceKey, event.key, event.stated)

/** The name of a use, whose key is decided once for a resource. */
export const nameOfUse = (use: {
  operation: 'consume' | 'reserve'
  resourceKey: Uuid
  key: string
}): DedupKey => nameOf(use.operation, use.resourceKey, use.key)

/** What a use asks for, as far as a repetition may not ask for anything else: 128 bits. */
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

/** What stands for a mark where many are kept: 128 bits, 32 digits. SQL makes the same. */
export const hashOfMark = (mark: string): string => hash('sha256', mark, 'hex').slice(0, 32)
