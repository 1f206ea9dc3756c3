import type { UnitTransformation } from '../api.gen.ts'
import { type Feature, transformUnits } from '../catalog/features/index.ts'
import { type Quantity, wholeUnits } from '../kernel/quantity.ts'
import type { Request } from './types.ts'

/** A request for a NUMBER feature to which the customer is entitled. */
type UsageComparison = {
  feature: Pick<Feature, 'meterType'> & {
    unitTransformation: Pick<UnitTransformation, 'divide' | 'round'> | null
  }
  usage: Quantity
  request: Request
}

const ONE = wholeUnits(1)

/**
 * Returns the limit that the request needs, in the units of the limit: usage plus request, or the
 * request alone if the feature is not metered.
 */
export const neededUnits = ({ feature, usage, request }: UsageComparison): Quantity =>
  feature.meterType === 'None'
    ? (request.usage ?? 0n)
    : transformUnits(usage + (request.usage ?? request.defaultUsage), feature.unitTransformation)

/** Returns the largest whole request that `limit` allows. Negative if it does not even allow 0. */
export function roomWithin(
  limit: Quantity,
  { feature, usage }: Omit<UsageComparison, 'request'>,
): Quantity {
  if (feature.meterType === 'None') return floor(limit)
  if (feature.unitTransformation === null) return floor(limit - usage)
  const { divide, round } = feature.unitTransformation
  const units = BigInt(divide)
  // When rounding down, usage stays within the limit until the next unit is complete.
  const most = round === 'UP' ? floor(limit) * units : (floor(limit) + ONE) * units - 1n
  return floor(most - usage)
}

/** Returns the largest whole limit that does not suffice. */
export const shortOf = (needed: Quantity): Quantity => floor(needed - 1n)

const floor = (quantity: Quantity): Quantity => {
  const part = quantity % ONE
  return quantity - (part < 0n ? part + ONE : part)
}
