import type { Quantity } from '../kernel/quantity.ts'
import type { Allowance } from './types.ts'

/** What two sources of one subscription give together. */
export const sum = (one: Allowance, other: Allowance): Allowance => ({
  limit:
    one.limit === null && other.limit === null ? null : (one.limit ?? 0n) + (other.limit ?? 0n),
  ...eitherWay(one, other),
})

/**
 * The more generous of two, in each respect: the higher limit, and soft if one of them is. A second
 * source can so never take away what the first allows.
 */
export const joined = (one: Allowance, other: Allowance): Allowance => ({
  limit: higher(one.limit, other.limit),
  ...eitherWay(one, other),
})

const higher = (one: Quantity | null, other: Quantity | null): Quantity | null => {
  if (one === null || other === null) return one ?? other
  return one > other ? one : other
}

const eitherWay = (one: Allowance, other: Allowance): Omit<Allowance, 'limit'> => ({
  isUnlimited: one.isUnlimited || other.isUnlimited,
  isSoft: one.isSoft || other.isSoft,
  enumValues: [...new Set([...one.enumValues, ...other.enumValues])].toSorted(),
})

/** What so many of an add-on give. */
export const times = (allowance: Allowance, quantity: number): Allowance => ({
  ...allowance,
  limit: allowance.limit === null ? null : allowance.limit * BigInt(quantity),
})

/**
 * The order from the most generous to the least: unlimited, then the higher limit, then a soft one,
 * then more values.
 */
export function compareGenerosity(one: Allowance, other: Allowance): number {
  if (one.isUnlimited !== other.isUnlimited) return one.isUnlimited ? -1 : 1
  const [limit, otherLimit] = [one.limit ?? 0n, other.limit ?? 0n]
  if (limit !== otherLimit) return limit > otherLimit ? -1 : 1
  if (one.isSoft !== other.isSoft) return one.isSoft ? -1 : 1
  return other.enumValues.length - one.enumValues.length
}
