import type { Database, Reader } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { contains, LIFETIME, type Window } from '../kernel/period.ts'
import { NO_RESOURCE, type UsageAmount } from '../metering/index.ts'
import { aggregateOf } from '../metering/records/index.ts'
import type { Hold } from '../metering/reservations/index.ts'
import { findUsage, readTotals } from '../metering/totals/index.ts'
import type { CustomerFacts, StoredEntitlements, StoredFeature } from './entitlement-store.ts'
import { resolve } from './resolve.ts'
import type { Resolution, Source } from './types.ts'
import { usageWindow } from './usage-period.ts'

/** A feature with the customer's entitlement to it and its usage. */
export type FeatureState = Omit<StoredFeature, 'sources' | 'totals'> & {
  sources: readonly Source[]
  resolution: Resolution
  /** The window whose usage is compared with the limit. */
  window: Window
  used: UsageAmount
}

/** Read as of one instant, `customer.now`. */
export type FeatureStates = { customer: CustomerFacts; features: FeatureState[] }

/** A database to read from. It may be a transaction. */
export type Readable = Pick<Database, 'read' | 'snapshot'>

/**
 * Returns the entitlements that `load` finds, with usage. If a needed window total is not stored,
 * everything is read again in a snapshot, and usage is computed from the records.
 */
export async function readFeatureStates(
  db: Readable,
  load: (reader: Reader) => Promise<StoredEntitlements>,
): Promise<FeatureStates> {
  const { customer, features } = await load(db.read)
  const states = features.map((stored) => stateOf(stored, customer.now))
  if (states.every(hasUsage)) return withoutExpired(customer, states)
  return db.snapshot(async (reader) => countRecords(reader, await load(reader)))
}

type StateOfTotals = Omit<FeatureState, 'used'> & {
  /** null: the stored totals do not suffice. */
  used: UsageAmount | null
}
const hasUsage = (state: StateOfTotals): state is FeatureState => state.used !== null

const NONE: UsageAmount = { usage: 0n, held: 0n }

function stateOf(stored: StoredFeature, now: Instant): StateOfTotals {
  const { feature, sources, totals } = stored
  const resolution = resolve(sources, now)
  const { effective } = resolution
  const window = effective === null ? LIFETIME : usageWindow(effective, now)
  const isMetered = effective !== null && feature.meterType !== 'None'
  const used = isMetered ? findUsage(totals, window, aggregateOf(feature.meter)) : NONE
  return { feature, sources, resolution, window, used }
}

async function countRecords(
  reader: Reader,
  { customer, features }: StoredEntitlements,
): Promise<FeatureStates> {
  const states = features.map((stored) => stateOf(stored, customer.now))
  const unknown = states.filter((state) => !hasUsage(state))
  const counts = await readTotals(
    reader,
    required(customer.customerKey, 'the customer of an entitlement'),
    unknown.map(({ feature, window }) => ({
      featureKey: feature.key,
      resourceKey: customer.resourceKey ?? NO_RESOURCE,
      window,
      aggregate: aggregateOf(feature.meter),
    })),
  )
  const counted = new Map(unknown.map((state, index) => [state, counts[index]]))
  const withUsage = (state: StateOfTotals): FeatureState => ({
    ...state,
    used: required(state.used ?? counted.get(state), 'usage of a window'),
  })
  return withoutExpired(customer, states.map(withUsage))
}

const withoutExpired = (customer: CustomerFacts, features: FeatureState[]): FeatureStates => ({
  customer,
  features: features.map((state) =>
    withoutExpiredHolds(state, customer.resourceKey ?? NO_RESOURCE, customer.expired),
  ),
})

type FeatureHold = Pick<Hold, 'featureKey' | 'resourceKey' | 'occurredAt' | 'amount'>

/**
 * Returns the state of a feature, or of a resource's use of it, without the holds that have expired
 * but are not recorded as expired yet.
 */
export function withoutExpiredHolds(
  state: FeatureState,
  resourceKey: Uuid,
  expired: readonly FeatureHold[],
): FeatureState {
  if (expired.length === 0) return state
  const { feature, window, used } = state
  const held = expired
    .filter((hold) => hold.featureKey === feature.key && hold.resourceKey === resourceKey)
    .filter((hold) => contains(window, hold.occurredAt))
    .reduce((left, hold) => left - hold.amount, used.held)
  return { ...state, used: { ...used, held } }
}
