import type {
  ReportedUsage,
  UsageEvent,
  UsageHistoryResponse,
  UsageReport,
  Dimensions as WireDimensions,
} from '../../api.gen.ts'
import { instantFromWire, instantToWire } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { type Field, inBody } from '../../kernel/field.ts'
import { quantityToWire, wholeUnits } from '../../kernel/quantity.ts'
import type { History } from '../history/index.ts'
import type { EventInput, ReportInput, ReportResult } from '../types.ts'

/** 400 for dimensions that are too large. */
export const reportFromWire = (wire: UsageReport, index: number): ReportInput => ({
  customerId: wire.customerId,
  resourceId: wire.resourceId ?? null,
  featureId: wire.featureId,
  value: wholeUnits(wire.value),
  behavior: wire.updateBehavior ?? 'DELTA',
  timestamp: wire.createdAt === undefined ? null : instantFromWire(wire.createdAt),
  ...recordDimensionsFromWire(wire, inBody('usages', index)),
  idempotencyKey: wire.idempotencyKey ?? null,
})

/** 400 for dimensions that are too large. */
export const eventFromWire = (wire: UsageEvent, index: number): EventInput => ({
  customerId: wire.customerId,
  resourceId: wire.resourceId ?? null,
  eventName: wire.eventName,
  timestamp: wire.timestamp === undefined ? null : instantFromWire(wire.timestamp),
  ...recordDimensionsFromWire(wire, inBody('events', index)),
  idempotencyKey: wire.idempotencyKey,
})

/**
 * The maximum size of the dimensions of a record or reservation, in bytes of JSON. A page of
 * reservations shows up to a hundred of them.
 */
const MAX_DIMENSIONS_BYTES = 65_536

/** 400 for dimensions of an item that are too large. */
export function recordDimensionsFromWire(
  { dimensions = {} }: { dimensions?: WireDimensions },
  item: Field,
) {
  if (Object.keys(dimensions).length === 0) return { dimensions, dimensionsText: null }
  const dimensionsText = JSON.stringify(dimensions)
  if (Buffer.byteLength(dimensionsText) > MAX_DIMENSIONS_BYTES)
    throw badInput(item.at('dimensions'), `${item.at('dimensions')} are larger than 64 kB`)
  return { dimensions, dimensionsText }
}

/** Returns the response of a report. */
export function reportedToWire(wire: UsageReport, result: ReportResult): ReportedUsage {
  const { period } = result
  const end = period === null ? null : instantToWire(period.end)
  return {
    id: result.eventKey,
    customerId: wire.customerId,
    featureId: wire.featureId,
    resourceId: wire.resourceId ?? null,
    value: wire.value,
    timestamp: instantToWire(result.occurredAt),
    createdAt: instantToWire(result.acceptedAt),
    currentUsage: quantityToWire(result.currentUsage),
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
