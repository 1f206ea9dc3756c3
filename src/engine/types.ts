import type { UsageUpdateBehavior } from '../api.gen.ts'
import type { Feature, MeterEvent } from '../catalog/features/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Field } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Origin } from '../kernel/origin.ts'
import type { Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import type { DedupKey } from '../metering/dedup/index.ts'
import type { Aggregate, MeterReading, UsageRecord } from '../metering/index.ts'
import type { Commit, Hold } from '../metering/reservations/index.ts'
import type { RecordAttribution } from './attribute.ts'

/** To whom usage belongs: a customer, or one of its resources. */
export type Subject = { customerId: string; resourceId: string | null }

type RecordInput = Subject & {
  /** When it happened, according to the caller. Null means now. */
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

/** The mode of a consumption. With `record`, it is recorded even if a limit denies it. */
export type ConsumeMode = { kind: 'enforce' | 'record' } | { kind: 'hold'; ttlSeconds: number }

/** A consumption that a caller asks for. */
export type ConsumptionInput = RecordInput & {
  featureId: string
  /** More than 0. */
  amount: Quantity
  idempotencyKey: string
  mode: ConsumeMode
  /**
   * Whether the timestamp is too far in the past or in the future for limits to decide. Null if it
   * is near enough.
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

/** A hold with the instant when its reservation expires. */
export type OpenHold = Hold & { expiresAt: Instant }

/** The keys of a subject. `resourceKey` is null if the customer does not have the resource. */
export type SubjectKeys = { customerKey: Uuid; resourceKey: Uuid | null }

/** The result of a report. */
export type ReportResult = {
  /** The key of the record that counts: the first one with the deduplication key. */
  eventKey: Uuid
  occurredAt: Instant
  acceptedAt: Instant
  /** In the units of the limit, never below 0. */
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
    /** The key by which repetitions are recognised. Null: none are. */
    dedup: { key: DedupKey; keptUntil: Instant } | null
    amounts: readonly MeterAmount[]
    /** For a SET, the window whose usage becomes the value; else null. */
    setWindow: Window | null
    /** For a report, the period that is shown. null: usage is never reset, or no report. */
    period: Window | null
    origin: Origin
    /** What a 400 names if the record would make usage too large. */
    field: Field
  }
