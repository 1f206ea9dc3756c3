import { attributionOf, type Budget, type Resolution } from '../budgets/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Attribution, MeterReading } from '../metering/index.ts'

/** The entities that a record belongs to, and the budgets that it counts for. */
export type RecordAttribution = {
  /** With one posting per budget and feature. null: the dimensions name no entity. */
  attribution: Attribution | null
  budgets: readonly Budget[]
  /** The attribution keys whose values name no entity. */
  unresolved: readonly string[]
}

/** Attributes a record to the entities that its dimensions name. */
export const attributeRecord = (
  resolution: Resolution | null,
  record: { amounts: readonly Pick<MeterReading, 'featureKey' | 'amount'>[]; occurredAt: Instant },
): RecordAttribution => ({
  attribution:
    resolution &&
    attributionOf(resolution, { measured: record.amounts, occurredAt: record.occurredAt }),
  budgets: resolution?.budgets ?? [],
  unresolved: resolution?.unresolved ?? [],
})
