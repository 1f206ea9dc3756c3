import type { Quantity } from '../kernel/quantity.ts'
import type { Allowance } from './types.ts'

/** Returns what two sources of one subscription give together. */
export const sum = (one: Allowance, other: Allowance): Allowance => ({
  limit:
    one.limit === null && other.limit === null ? null : (one.limit ?? 0n) + (other.limit ?? 0n),
  ...eitherWay(one, other),
})

/**
 * Returns the more generous of two allowances in each respect: the higher limit, and a soft limit
 * if one of them is soft. So a second source never takes away what the first one allows.
 */
export const mostGenerous = (one: Allowance, other: Allowance): Allowance => ({
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

/** Returns the allowance of several units of an add-on. */
export const times = (allowance: Allowance, quantity: number): Allowance => ({
  ...allowance,
  limit: allowance.limit === null ? null : allowance.limit * BigInt(quantity),
})

/**
 * Sorts from the most to the least generous: unlimited first, then by higher limit, then soft
 * limits, then by more values.
 */
export function compareGenerosity(one: Allowance, other: Allowance): number {
  if (one.isUnlimited !== other.isUnlimited) return one.isUnlimited ? -1 : 1
  const [limit, otherLimit] = [one.limit ?? 0n, other.limit ?? 0n]
  if (limit !== otherLimit) return limit > otherLimit ? -1 : 1
  if (one.isSoft !== other.isSoft) return one.isSoft ? -1 : 1
  return other.enumValues.length - one.enumValues.length
}
