import type {
  ReportedUsage,
  UsageEvent,
  UsageHistoryResponse,
  UsageReport,
  Dimensions as WireDimensions,
} from '../../api.gen.ts'
import { instantFromWire, instantToWire } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { quantityToWire, wholeUnits } from '../../kernel/quantity.ts'
import type { History } from '../history/index.ts'
import type { EventInput, ReportInput, ReportResult } from '../types.ts'

/** 400 for dimensions that are too large, as of all that is recorded. */
export const reportFromWire = (wire: UsageReport, index: number): ReportInput => ({
  customerId: wire.customerId,
  resourceId: wire.resourceId ?? null,
  featureId: wire.featureId,
  value: wholeUnits(wire.value),
  behavior: wire.updateBehavior ?? 'DELTA',
  statedAt: wire.createdAt === undefined ? null : instantFromWire(wire.createdAt),
  ...dimensionsOfRecord(wire, `usages[${index}].dimensions`),
  idempotencyKey: wire.idempotencyKey ?? null,
})

/** The same of an event. */
export const eventFromWire = (wire: UsageEvent, index: number): EventInput => ({
  customerId: wire.customerId,
  resourceId: wire.resourceId ?? null,
  eventName: wire.eventName,
  statedAt: wire.timestamp === undefined ? null : instantFromWire(wire.timestamp),
  ...dimensionsOfRecord(wire, `events[${index}].dimensions`),
  idempotencyKey: wire.idempotencyKey,
})

/** What a record or a reservation may carry, in bytes of JSON: a list has a hundred of them. */
const DIMENSIONS_BYTES = 65_536

/** 400 for dimensions that are too large, naming `field`. */
export function dimensionsOfRecord(
  { dimensions = {} }: { dimensions?: WireDimensions },
  field: string,
) {
  if (Object.keys(dimensions).length === 0) return { dimensions, dimensionsText: null }
  const dimensionsText = JSON.stringify(dimensions)
  if (Buffer.byteLength(dimensionsText) > DIMENSIONS_BYTES)
    throw badInput(`${field} are larger than 64 kB`)
  return { dimensions, dimensionsText }
}

/** A report with what it came to. */
export function reportedToWire(wire: UsageReport, reported: ReportResult): ReportedUsage {
  const { period } = reported
  const end = period === null ? null : instantToWire(period.end)
  return {
    id: reported.eventKey,
    customerId: wire.customerId,
    featureId: wire.featureId,
    resourceId: wire.resourceId ?? null,
    value: wire.value,
    timestamp: instantToWire(reported.occurredAt),
    createdAt: instantToWire(reported.acceptedAt),
    currentUsage: quantityToWire(reported.currentUsage),
    usagePeriodStart: period === null ? null : instantToWire(period.start),
    usagePeriodEnd: end,
    nextResetDate: end,
    credit: null,
  }
}

export const historyToWire = ({ series, resets }: History): UsageHistoryResponse['data'] => ({
  series: series.map(({ tags, points }) => ({
    tags: tags.map((tag) => ({ ...tag })),
    points: points.map(({ timestamp, value, isResetPoint }) => ({
      timestamp: instantToWire(timestamp),
      value: quantityToWire(value),
      isResetPoint,
    })),
  })),
  markers: resets.map((reset) => ({ timestamp: instantToWire(reset), type: 'PERIODIC_RESET' })),
})
