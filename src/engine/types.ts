import type { UsageUpdateBehavior } from '../api.gen.ts'
import type { Feature, MeterEvent } from '../catalog/features/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Origin } from '../kernel/origin.ts'
import type { Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import type { DedupKey } from '../metering/dedup/index.ts'
import type { Aggregate, MeterReading, UsageRecord } from '../metering/index.ts'
import type { Commit } from '../metering/reservations/index.ts'
import type { AttributionRule } from './attribute.ts'

/** Whose usage it is. */
export type Subject = { customerId: string; resourceId: string | null }

type RecordInput = Subject & {
  /** When it was; null is now. */
  statedAt: Instant | null
  dimensions: MeterEvent['dimensions']
  /** The same as JSON; null for none. */
  dimensionsText: string | null
}

/** A value that a caller reports. */
export type ReportInput = RecordInput & {
  featureId: string
  value: Quantity
  behavior: UsageUpdateBehavior
  idempotencyKey: string | null
}

/** Something that a customer did. */
export type EventInput = RecordInput & { eventName: string; idempotencyKey: string }

/** What becomes of a use that is granted; `record` is recorded even if it exceeds a limit. */
export type ConsumeMode = { kind: 'enforce' | 'record' } | { kind: 'hold'; ttlSeconds: number }

/** A use that a caller asks for. */
export type ConsumptionInput = RecordInput & {
  featureId: string
  /** More than 0. */
  amount: Quantity
  idempotencyKey: string
  purpose: ConsumeMode
  /** Where it is too far away to be decided, by the clock of the process that it came to. */
  beyond: 'past' | 'future' | null
  /** Whether any dimensions were sent. */
  asksBudgets: boolean
}

/** What is to become of a reservation. */
export type ReservationStepInput = {
  customerId: string
  key: Uuid
  step:
    | { kind: 'commit'; commit: Commit }
    | { kind: 'extend'; ttlSeconds: number }
    | { kind: 'release' }
}

/** The keys of a subject; no resource key for a resource that the customer does not have. */
export type SubjectKeys = { customerKey: Uuid; resourceKey: Uuid | null }

/** What a report came to. */
export type ReportResult = {
  /** Of the record that counts: the first one of its name. */
  eventKey: Uuid
  occurredAt: Instant
  acceptedAt: Instant
  /** In the units that are limited, never below 0. */
  currentUsage: Quantity
  /** The period in progress; null if usage is never reset. */
  period: Window | null
}

/** What is about to count for a feature, and where the usage that it makes is shown. */
export type MeterAmount = MeterReading & { feature: Feature; aggregate: Aggregate; window: Window }

/** A record that is good to be counted, but for what the usage so far says. */
export type ValidatedRecord = Pick<
  UsageRecord,
  'customerKey' | 'resourceKey' | 'occurredAt' | 'acceptedAt' | 'kind' | 'eventName' | 'value'
> & {
  dimensions: string | null
  /** What a repetition is known by; null: whatever was counted before, this counts. */
  naming: { name: DedupKey; keptUntil: Instant } | null
  counting: readonly MeterAmount[]
  attributing: AttributionRule
  /** Of a SET: the window whose usage becomes the value. */
  setIn: Window | null
  origin: Origin
  /** How a message names it. */
  field: string
}
