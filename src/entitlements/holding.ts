import type { Allowance, Reset } from '../catalog/features/index.ts'
import type { Reader } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Quantity } from '../kernel/quantity.ts'

/**
 * The subscriptions of a customer that give access, as of one instant. They give the same from
 * `since` (inclusive) until `until` (exclusive).
 */
export type Holding = {
  subscriptions: readonly HeldSubscription[]
  since: Instant
  /** null: no later change is known. */
  until: Instant | null
}

/** What a subscription gives is derived from this alone, and from versions that never change. */
export type HeldSubscription = {
  id: string
  isTrial: boolean
  /** null: it counts for all resources. */
  resourceKey: Uuid | null
  /** When it got its present content. */
  since: Instant
  /** From where usage periods are counted. */
  usageAnchor: Instant
  /** The version of its own plan, and those of the plans that this inherits from, nearest first. */
  plans: readonly VersionPin[]
  addons: readonly { pin: VersionPin; quantity: number }[]
  /** The number of units bought of features that are priced by the unit. */
  units: readonly { featureKey: Uuid; quantity: Quantity }[]
  /** Entitlements of this subscription alone, which replace those of its plan. */
  overrides: readonly { featureKey: Uuid; allowance: Allowance; reset: Reset | null }[]
}

/**
 * A published version of a plan or an add-on. `publishedAt` tells it from one with the same number
 * that a fail-over has lost.
 */
export type VersionPin = { packageKey: Uuid; id: string; version: number; publishedAt: Instant }

/** A customer at an instant. */
export type HoldingQuery = { customerKey: Uuid; at: Instant }

/**
 * Returns what customers hold, in the order of the queries. The number of statements does not
 * depend on their number. `src/sources.ts` says which module provides this.
 */
export type ReadHoldings = (
  reader: Reader,
  queries: readonly HoldingQuery[],
) => Promise<readonly Holding[]>

/** Returns the subscriptions that count for a resource, or without one if it is null. */
export const countingFor = (
  { subscriptions }: Holding,
  resourceKey: Uuid | null,
): readonly HeldSubscription[] => subscriptions.filter(countsFor(resourceKey))

/** Returns whether a subscription that counts for a resource gives access. */
export const isSubscribed = ({ subscriptions }: Holding, resourceKey: Uuid | null): boolean =>
  subscriptions.some(countsFor(resourceKey))

const countsFor =
  (resourceKey: Uuid | null) =>
  (subscription: HeldSubscription): boolean =>
    subscription.resourceKey === null || subscription.resourceKey === resourceKey

/** Returns the versions that a subscription has. */
export const pinsOf = ({ plans, addons }: HeldSubscription): VersionPin[] => [
  ...plans,
  ...addons.map(({ pin }) => pin),
]

/** Approximate memory, in bytes. */
const HOLDING_BYTES = 200
const SUBSCRIPTION_BYTES = 500
const PIN_BYTES = 250
const OWN_BYTES = 500
const VALUE_BYTES = 100

/** Returns the approximate memory of a holding, in bytes. */
export const holdingBytes = ({ subscriptions }: Holding): number =>
  subscriptions.reduce((sum, each) => sum + subscriptionBytes(each), HOLDING_BYTES)

function subscriptionBytes({ plans, addons, units, overrides }: HeldSubscription): number {
  const values = overrides.reduce((sum, { allowance }) => sum + allowance.enumValues.length, 0)
  return (
    SUBSCRIPTION_BYTES +
    (plans.length + addons.length) * PIN_BYTES +
    (units.length + overrides.length) * OWN_BYTES +
    values * VALUE_BYTES
  )
}
