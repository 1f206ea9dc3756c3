import type { Resolution } from '../../budgets/index.ts'
import type { Feature } from '../../catalog/features/index.ts'
import {
  type Evaluated,
  evaluate,
  type HeldFeature,
  type Subject,
  usageWindow,
} from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { LIFETIME, type Window } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import { contentOfUse, KEPT_MS, nameOfUse } from '../../metering/dedup/index.ts'
import type { MeteredOf } from '../../metering/index.ts'
import { occurredAt } from '../../metering/records/index.ts'
import { attributingBy } from '../attribute.ts'
import { denyingIn } from '../check/index.ts'
import { type Known, refuseUnreportable } from '../record/index.ts'
import type { Address, Prepared, Purpose, UseInput } from '../types.ts'

/** What a limit of a feature says of a customer. */
export type Limited = {
  subject: Subject
  feature: Feature
  holding: HeldFeature
  /** Whose usage the limit is compared with. */
  window: Window
}

/** A use that is good to be decided, but for what the usage so far says. */
export type PreparedUse = Limited & {
  kind: 'use'
  /** What counts if it is recorded. */
  record: Prepared
  amount: Quantity
  /** What it asks for, as far as a repetition may not ask for anything else. */
  content: string
  purpose: Purpose
  isOld: boolean
  asksBudgets: boolean
  /** null: its dimensions name no entity. */
  resolution: Resolution | null
  /** The keys of dimensions that deny it, since their values name no entity. */
  denying: readonly string[]
}

/** What denies a use whatever was used until now. */
export type Denial = {
  evaluated: Evaluated
  asksBudgets: boolean
  unresolved: readonly string[]
}
/** A use that is denied so, of which nothing is kept. */
export type DeniedUse = Denial & { kind: 'denial' }

/**
 * A use of a customer. One of a feature or a resource that does not exist is a denial of which
 * nothing is kept; that of an archived customer is decided like any other, since a repetition gets
 * what was decided before it was archived. 400 `MeteringNotAvailableForFeatureType`,
 * `CannotReportUsageForEntitlementWithMeterError`, `InvalidArgumentError`.
 */
export function prepareUse(
  use: UseInput & Address,
  known: Known,
  origin: Prepared['origin'],
): PreparedUse | DeniedUse {
  const { customerKey, resourceKey, asksBudgets } = use
  const now = known.nowOf(customerKey)
  const feature = known.featureWithId(use.featureId)
  const isArchived = known.isArchived(customerKey)
  if (resourceKey === null || feature === null) {
    const evaluated = unknownUse(use, { isArchived, now })
    const featureKeys = feature === null ? [] : [feature.key]
    const resolution = resourceKey === null ? null : known.resolutionOf({ ...use, featureKeys })
    return { kind: 'denial', evaluated, asksBudgets, unresolved: resolution?.unresolved ?? [] }
  }
  refuseUnreportable(feature, 'featureId')
  const metered = { customerKey, resourceKey, featureKey: feature.key }
  const occurred = occurredAt(use.statedAt, now, 'timestamp')
  const holding = heldFor(use.purpose, known, { ...metered, at: occurred })
  const window = windowHeld(holding, occurred)
  const resolution = known.resolutionOf({ ...use, featureKeys: [feature.key] })
  const { purpose, amount, idempotencyKey: key } = use
  const operation = purpose.kind === 'hold' ? 'reserve' : 'consume'
  return {
    kind: 'use',
    subject: subjectOf(use, holding, isArchived),
    feature,
    holding,
    window,
    amount,
    content: contentOfUse({ featureKey: feature.key, amount, dimensions: use.dimensions }),
    purpose,
    isOld: use.isOld,
    asksBudgets,
    resolution,
    denying: denyingIn(resolution?.unresolved ?? [], known.unknownDimensions),
    record: {
      customerKey,
      resourceKey,
      occurredAt: occurred,
      acceptedAt: now,
      kind: 'CONSUME',
      eventName: null,
      value: amount,
      dimensions: use.dimensionsText,
      naming: { name: nameOfUse({ operation, resourceKey, key }), keptUntil: now + KEPT_MS.keyed },
      counting: [counting(feature, amount, window)],
      setIn: null,
      attributing: attributingBy(resolution, occurred),
      origin,
      field: 'amount',
    },
  }
}

/** What is only to be recorded belongs to its instant if nothing is held any more. */
function heldFor(
  { kind }: Purpose,
  { holdingOf, heldThenOf }: Known,
  use: MeteredOf & { at: Instant },
): HeldFeature {
  const holding = holdingOf(use)
  if (kind !== 'record' || holding.resolution.held !== null) return holding
  return { ...holding, ...heldThenOf(use, use.at) }
}

/** Usage of a feature that callers report adds up. */
export const counting = (feature: Feature, amount: Quantity, window: Window) => ({
  featureKey: feature.key,
  amount,
  mark: null,
  feature,
  aggregate: 'SUM' as const,
  window,
})

/** The window of usage by what is held; of what is not held, all of time. */
export const windowHeld = ({ resolution }: HeldFeature, at: Instant): Window =>
  resolution.held === null ? LIFETIME : usageWindow(resolution.held, at)

const subjectOf = (
  { resourceId, resourceKey }: { resourceId: string | null; resourceKey: Uuid | null },
  { hasActiveSubscription }: Pick<HeldFeature, 'hasActiveSubscription'>,
  isArchived: boolean,
): Subject => ({
  customer: isArchived ? 'ARCHIVED' : 'ACTIVE',
  isResourceKnown: resourceId === null || resourceKey !== null,
  hasActiveSubscription,
})

function unknownUse(
  use: UseInput & Address,
  { isArchived, now }: { isArchived: boolean; now: Instant },
): Evaluated {
  const subject = subjectOf(use, { hasActiveSubscription: false }, isArchived)
  return evaluate(subject, null, { request: requesting(use.amount), now })
}

/** The denial of a use by somebody who does not exist. */
export const useOfNobody = (amount: Quantity, now: Instant): Evaluated =>
  evaluate({ customer: null, isResourceKnown: true, hasActiveSubscription: false }, null, {
    request: requesting(amount),
    now,
  })

/** A check that asks for an amount. */
export const requesting = (amount: Quantity) => ({ usage: amount, values: null, defaultUsage: 0n })
