import type { Instant } from '../kernel/clock.ts'
import type { CreatedRange } from '../kernel/created-range.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Origin } from '../kernel/origin.ts'
import type { PageRequest } from '../kernel/page.ts'

/** A change, as stored in the outbox. */
export type Entry = {
  key: Uuid
  type: string
  /** Null for objects that belong to the environment. */
  customerId: string | null
  objectId: string
  origin: Omit<Origin, 'requestDigest'>
  before: Readonly<Record<string, unknown>> | null
  after: Readonly<Record<string, unknown>> | null
  occurredAt: Instant
}

/** Null values do not filter. */
export type EntryFilter = {
  types: readonly string[] | null
  objectId: string | null
  customerId: string | null
  actorId: string | null
  occurred: CreatedRange
  page: PageRequest
}
