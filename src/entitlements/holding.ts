import type { Database, Reader } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { contains, LIFETIME, type Window } from '../kernel/period.ts'
import { NO_RESOURCE, type UsageAmount } from '../metering/index.ts'
import { aggregateOf } from '../metering/records/index.ts'
import { findUsage, readTotals } from '../metering/totals/index.ts'
import type { Found, FoundCustomer, FoundFeature } from './entitlement-store.ts'
import { resolve } from './resolve.ts'
import type { Resolution } from './types.ts'
import { usageWindow } from './usage-period.ts'

/** A feature with what a customer holds of it and has used of it. */
export type FeatureState = FoundFeature & {
  resolution: Resolution
  /** What the limit is for. */
  window: Window
  used: UsageAmount
}
/** All of one instant: the customer's `now`. */
export type Holdings = { customer: FoundCustomer; holdings: FeatureState[] }

/** A database to read from, which may be a transaction. */
export type Readable = Pick<Database, 'read' | 'snapshot'>

/**
 * What is held and was used, by what `load` finds. Usage of a window that is not kept has to be
 * made of its records: then everything is read again, in a snapshot that holds both.
 */
export async function readHoldings(
  db: Readable,
  load: (reader: Reader) => Promise<Found>,
): Promise<Holdings> {
  const { customer, features } = await load(db.read)
  const holdings = features.map((found) => resolved(found, customer.now))
  if (holdings.every(isKnown)) return withoutExpired(customer, holdings)
  return db.snapshot(async (reader) => countRecords(reader, await load(reader)))
}

type ResolvedFeature = Omit<FeatureState, 'used'> & {
  /** null: the totals do not tell it. */
  used: UsageAmount | null
}
const isKnown = (holding: ResolvedFeature): holding is FeatureState => holding.used !== null

const NONE: UsageAmount = { usage: 0n, held: 0n }

function resolved(found: FoundFeature, now: Instant): ResolvedFeature {
  const { feature, sources, totals } = found
  const resolution = resolve(sources, now)
  const { held } = resolution
  const window = held === null ? LIFETIME : usageWindow(held, now)
  const isMetered = held !== null && feature.meterType !== 'None'
  const used = isMetered ? findUsage(totals, window, aggregateOf(feature.meter)) : NONE
  return { ...found, resolution, window, used }
}

async function countRecords(reader: Reader, { customer, features }: Found): Promise<Holdings> {
  const holdings = features.map((found) => resolved(found, customer.now))
  const unknown = holdings.filter((holding) => !isKnown(holding))
  const counts = await readTotals(
    reader,
    required(customer.customerKey, 'the customer of what is held'),
    unknown.map(({ feature, window }) => ({
      featureKey: feature.key,
      resourceKey: customer.resourceKey ?? NO_RESOURCE,
      window,
      aggregate: aggregateOf(feature.meter),
    })),
  )
  const counted = new Map(unknown.map((holding, index) => [holding, counts[index]]))
  const withUsage = (holding: ResolvedFeature): FeatureState => ({
    ...holding,
    used: required(holding.used ?? counted.get(holding), 'usage of a window'),
  })
  return withoutExpired(customer, holdings.map(withUsage))
}

/** What has expired is held by nobody, although nobody has noted it. */
function withoutExpired(customer: FoundCustomer, holdings: FeatureState[]): Holdings {
  const { expired, resourceKey } = customer
  if (expired.length === 0) return { customer, holdings }
  const heldBy = ({ feature, window, used }: FeatureState) =>
    expired
      .filter((hold) => hold.featureKey === feature.key)
      .filter((hold) => hold.resourceKey === (resourceKey ?? NO_RESOURCE))
      .filter((hold) => contains(window, hold.occurredAt))
      .reduce((held, hold) => held - hold.amount, used.held)
  return {
    customer,
    holdings: holdings.map((holding) => ({
      ...holding,
      used: { ...holding.used, held: heldBy(holding) },
    })),
  }
}
