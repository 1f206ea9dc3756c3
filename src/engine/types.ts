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
import type { RecordAttribution } from './attribute.ts'

/** The customer, and the resource if any, whose usage it is. */
export type Subject = { customerId: string; resourceId: string | null }

type RecordInput = Subject & {
  /** When it happened according to the caller; null is now. */
  timestamp: Instant | null
  dimensions: MeterEvent['dimensions']
  /** `dimensions` as JSON; null for none. */
  dimensionsText: string | null
}

/** A value that a caller reports. */
export type ReportInput = RecordInput & {
  featureId: string
  value: Quantity
  behavior: UsageUpdateBehavior
  idempotencyKey: string | null
}

/** A raw event. */
export type EventInput = RecordInput & { eventName: string; idempotencyKey: string }

/** The mode of a consumption. `record` is recorded even if a limit denies it. */
export type ConsumeMode = { kind: 'enforce' | 'record' } | { kind: 'hold'; ttlSeconds: number }

/** A consumption that a caller asks for. */
export type ConsumptionInput = RecordInput & {
  featureId: string
  /** More than 0. */
  amount: Quantity
  idempotencyKey: string
  mode: ConsumeMode
  /**
   * The side on which its timestamp is too far from now to be decided; null if it is near enough.
   */
  tooDistant: 'past' | 'future' | null
  /** Whether the request has dimensions, so that budgets decide. */
  hasDimensions: boolean
}

/** A change of a reservation that a caller asks for. */
export type ReservationStepInput = {
  customerId: string
  key: Uuid
  step:
    | { kind: 'commit'; commit: Commit }
    | { kind: 'extend'; ttlSeconds: number }
    | { kind: 'release' }
}

/** The keys of a subject. `resourceKey` is null if the customer does not have the resource. */
export type SubjectKeys = { customerKey: Uuid; resourceKey: Uuid | null }

/** The result of a report. */
export type ReportResult = {
  /** Of the record that counts: the first one with the deduplication key. */
  eventKey: Uuid
  occurredAt: Instant
  acceptedAt: Instant
  /** In limited units, never below 0. */
  currentUsage: Quantity
  /** The period in progress; null if usage is never reset. */
  period: Window | null
}

/** The amount that a record counts for a feature, and the window whose usage is shown. */
export type MeterAmount = MeterReading & { feature: Feature; aggregate: Aggregate; window: Window }

/** A record that can be counted, unless the usage so far forbids it. */
export type ValidatedRecord = RecordAttribution &
  Pick<
    UsageRecord,
    | 'customerKey'
    | 'resourceKey'
    | 'occurredAt'
    | 'acceptedAt'
    | 'kind'
    | 'eventName'
    | 'value'
    | 'dimensions'
  > & {
    /** The key that identifies repetitions; null: the record has no repetitions. */
    dedup: { key: DedupKey; keptUntil: Instant } | null
    amounts: readonly MeterAmount[]
    /** For a SET, the window whose usage becomes the value; else null. */
    setWindow: Window | null
    origin: Origin
    /** The field that an error message names. */
    field: string
  }
