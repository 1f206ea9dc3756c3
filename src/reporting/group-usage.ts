import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Quantity } from '../kernel/quantity.ts'
import { type Interval, intervalAt } from './plan-usage.ts'

/** Usage in an hour or a day. `key` is that of its group; null if it belongs to none. */
export type Amount = { at: Instant; key?: Uuid | null; amount: Quantity }

/** Usage by interval, and in all intervals. */
export type Increments = { total: Quantity; values: readonly Quantity[] }

/** The intervals of a range, by their starts. */
export type Intervals = { interval: Interval; starts: readonly Instant[] }

/** Returns the sum of amounts in each interval. */
export function incrementsOf(
  { interval, starts }: Intervals,
  amounts: Iterable<Amount>,
): Increments {
  const places = new Map(starts.map((start, index) => [start, index]))
  const values = starts.map(() => 0n)
  let total = 0n
  for (const { at, amount } of amounts) {
    const place = places.get(intervalAt(interval, at))
    if (place === undefined) continue
    values[place] = (values[place] ?? 0n) + amount
    total += amount
  }
  return { total, values }
}

/** Returns what is left of the whole without its parts. */
export const withoutParts = (whole: Increments, parts: readonly Increments[]): Increments => ({
  total: parts.reduce((left, { total }) => left - total, whole.total),
  values: whole.values.map((value, index) =>
    parts.reduce((left, { values }) => left - (values[index] ?? 0n), value),
  ),
})

/** Groups, the largest first. Amounts without a group are apart. */
export type Groups = {
  top: readonly { key: Uuid; amount: Quantity }[]
  /** The number of groups that are not in `top`, and their sum. */
  rest: { groups: number; amount: Quantity }
  /** Null if every amount belongs to a group. */
  ungrouped: Quantity | null
}

/** Returns the groups with the most usage, at most `limit`. Equal ones are in the order of keys. */
export function largestGroups(amounts: Iterable<Amount>, limit: number): Groups {
  const sums = new Map<Uuid | null, Quantity>()
  for (const { key = null, amount } of amounts) sums.set(key, (sums.get(key) ?? 0n) + amount)
  const groups = [...sums]
    .flatMap(([key, amount]) => (key === null ? [] : [{ key, amount }]))
    .toSorted(byAmount)
  const others = groups.slice(limit)
  return {
    top: groups.slice(0, limit),
    rest: { groups: others.length, amount: others.reduce((sum, { amount }) => sum + amount, 0n) },
    ungrouped: sums.get(null) ?? null,
  }
}

type Group = { key: Uuid; amount: Quantity }

function byAmount(one: Group, other: Group): number {
  if (one.amount !== other.amount) return one.amount > other.amount ? -1 : 1
  return one.key < other.key ? -1 : 1
}
