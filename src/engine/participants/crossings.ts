import type { App } from '../../app.ts'
import {
  type Budget,
  crossedBy,
  type Threshold,
  type ThresholdCrossing,
  uncrossedBy,
  usageExceededToWire,
  windowOf,
} from '../../budgets/index.ts'
import { type Feature, transformUnits } from '../../catalog/features/index.ts'
import type { Tx } from '../../db/index.ts'
import { type Event, publish } from '../../events/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Origin } from '../../kernel/origin.ts'
import type { Window } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Posting } from '../../metering/index.ts'
import type { ValidatedRecord } from '../types.ts'

/** A budget whose thresholds a record has crossed. */
export type CrossingEvent = {
  customerKey: Uuid
  budget: Budget
  feature: Pick<Feature, 'id'>
  window: Window
  /** In the units of the limit, signed. */
  usage: Quantity
  thresholds: readonly Threshold[]
  origin: Origin
  now: Instant
}

type CrossingResult = {
  /** Thresholds that a level has fallen below. */
  uncrossed: readonly Threshold[]
  /** All thresholds that are crossed now. */
  left: readonly Threshold[]
  /** null: no threshold was crossed. */
  event: CrossingEvent | null
}

/**
 * Returns which thresholds a posting crosses, given the usage after it and the thresholds that were
 * crossed before. Null if the posting cannot cross any.
 */
export function crossThresholds(
  record: ValidatedRecord,
  posting: Posting,
  of: { thresholds: readonly Threshold[]; usage: Quantity; crossed: readonly Threshold[] },
): CrossingResult | null {
  const { customerKey, amounts, origin, occurredAt, acceptedAt: now } = record
  const budget = record.budgets.find((each) => each.assignmentKey === posting.assignmentKey)
  // A reservation may have a posting to an earlier revision, whose windows are over.
  if (budget === undefined || budget.revision !== posting.revision) return null
  const { feature } = required(
    amounts.find(({ featureKey }) => featureKey === budget.capabilityKey),
    'the feature of a budget',
  )
  const usage = transformUnits(of.usage, feature.unitTransformation)
  const window = windowOf(budget, occurredAt)
  const { usageLimit, isLevel } = budget
  // Thresholds that a level has fallen below are reset first.
  const uncrossed = isLevel ? uncrossedBy({ usage, usageLimit, fired: of.crossed }) : []
  const before = of.crossed.filter((threshold) => !uncrossed.includes(threshold))
  const thresholds = crossedBy(of.thresholds, { usage, usageLimit, window, fired: before }, now)
  const event = { customerKey, budget, feature, window, usage, thresholds, origin, now }
  return {
    uncrossed,
    left: [...before, ...thresholds],
    event: thresholds.length === 0 ? null : event,
  }
}

export const crossingsOf = (
  scope: Scope,
  { budget, thresholds, ...exceeded }: CrossingEvent,
): ThresholdCrossing[] =>
  thresholds.map((threshold) => ({ ...exceeded, ...budget, ...scope, threshold }))

/** Publishes the events of crossings. Each request that crosses thresholds takes one statement. */
export async function publishCrossings(
  tx: Tx,
  { app, scope }: { app: App; scope: Scope },
  crossings: readonly CrossingEvent[],
): Promise<void> {
  const byOrigin = Map.groupBy(crossings, ({ origin }) => origin)
  await Promise.all(
    [...byOrigin].map(([origin, exceeded]) =>
      publish(
        tx,
        { app, scope, origin, now: Math.max(...exceeded.map(({ now }) => now)) },
        exceeded.map(usageExceededEvent),
      ),
    ),
  )
}

const usageExceededEvent = ({
  customerKey,
  budget,
  feature,
  ...reached
}: CrossingEvent): Event => ({
  type: 'entity.entitlement.usage_exceeded',
  customerKey,
  objectId: budget.assignmentKey,
  before: null,
  after: usageExceededToWire(budget, reached, { kind: 'feature', id: feature.id }),
})
