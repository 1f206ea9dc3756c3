import { type Feature, transformUnits } from '../catalog/features/index.ts'
import { type Quantity, wholeUnits } from '../kernel/quantity.ts'
import type { Request } from './types.ts'

/** A question about a NUMBER feature that is held. */
type UsageComparison = {
  feature: Pick<Feature, 'meterType' | 'unitTransformation'>
  usage: Quantity
  request: Request
}

const ONE = wholeUnits(1)

/**
 * What a limit has to reach, in its units: what was used together with what is requested, or the
 * request alone where nothing is metered.
 */
export const neededUnits = ({ feature, usage, request }: UsageComparison): Quantity =>
  feature.meterType === 'None'
    ? (request.usage ?? 0n)
    : transformUnits(usage + (request.usage ?? request.defaultUsage), feature.unitTransformation)

/** The largest whole request for which `limit` is enough; negative if not even 0 is granted. */
export function roomWithin(limit: Quantity, { feature, usage }: UsageComparison): Quantity {
  if (feature.meterType === 'None') return floor(limit)
  if (feature.unitTransformation === null) return floor(limit - usage)
  const { divide, round } = feature.unitTransformation
  const units = BigInt(divide)
  // What is rounded down stays within the limit until the next unit is whole.
  const most = round === 'UP' ? floor(limit) * units : (floor(limit) + ONE) * units - 1n
  return floor(most - usage)
}

/** The largest whole limit that is not enough. */
export const shortOf = (needed: Quantity): Quantity => floor(needed - 1n)

const floor = (quantity: Quantity): Quantity => {
  const part = quantity % ONE
  return quantity - (part < 0n ? part + ONE : part)
}
