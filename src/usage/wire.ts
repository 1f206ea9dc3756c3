import type {
  ReportedUsage,
  UsageEvent,
  UsageHistoryResponse,
  UsageReport,
  Dimensions as WireDimensions,
} from '../contract.gen.ts'
import { instantFromWire, instantToWire } from '../kernel/clock.ts'
import { quantityToWire, wholeUnits } from '../kernel/quantity.ts'
import type { History } from './queries.ts'
import type { EventInput, Reported, ReportInput } from './types.ts'

export const reportFromWire = (wire: UsageReport): ReportInput => ({
  customerId: wire.customerId,
  resourceId: wire.resourceId ?? null,
  featureId: wire.featureId,
  value: wholeUnits(wire.value),
  behavior: wire.updateBehavior ?? 'DELTA',
  statedAt: wire.createdAt === undefined ? null : instantFromWire(wire.createdAt),
  ...dimensionsOfRecord(wire),
  idempotencyKey: wire.idempotencyKey ?? null,
})

export const eventFromWire = (wire: UsageEvent): EventInput => ({
  customerId: wire.customerId,
  resourceId: wire.resourceId ?? null,
  eventName: wire.eventName,
  statedAt: wire.timestamp === undefined ? null : instantFromWire(wire.timestamp),
  ...dimensionsOfRecord(wire),
  idempotencyKey: wire.idempotencyKey,
})

export function dimensionsOfRecord({ dimensions = {} }: { dimensions?: WireDimensions }) {
  const isEmpty = Object.keys(dimensions).length === 0
  return { dimensions, dimensionsText: isEmpty ? null : JSON.stringify(dimensions) }
}

/** A report with what it came to. */
export function reportedToWire(wire: UsageReport, reported: Reported): ReportedUsage {
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
