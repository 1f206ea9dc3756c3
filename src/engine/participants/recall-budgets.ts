import {
  type BudgetUsage,
  budgetPaths,
  type CounterKey,
  counterName,
  type Demand,
  readCounters,
  type StoredUsage,
  windowOf,
} from '../../budgets/index.ts'
import type { Reader } from '../../db/index.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { OpenHold } from '../types.ts'
import type { CachedCounters } from './cached-counters.ts'
import { BUDGET_EXCEEDED, combine } from './combine.ts'
import type { CheckQuery, Decider, Recall, UsageSource } from './participant.ts'

/** Returns how the budgets decide questions. */
export function recallBudgets(source: UsageSource, queries: readonly CheckQuery[]): Recall {
  const { budgets } = source.cached
  const lacking = queries.flatMap((query) => lackingCounters(source, query))
  const recalled = () => queries.map((query) => deciderOf(budgets, query))
  if (lacking.length === 0) return recalled()
  return source.reader && readLacking(source, source.reader, lacking).then(recalled)
}

function deciderOf(cached: CachedCounters, query: CheckQuery): Decider {
  const { resolution, now, expired } = query
  if (resolution === null) return IGNORED
  const over = expiredByCounter(expired)
  const spent: BudgetUsage = {
    counters: { get: (name) => cached.get(name)?.usage },
    holds: { get: (name) => (cached.get(name)?.held ?? 0n) - (over.get(name) ?? 0n) },
    at: now,
  }
  const demand = demandOf(query)
  const { unresolved } = resolution
  return ({ decision, shown }) => {
    const { chains, isGranted } = budgetPaths(resolution, demand === null ? [] : [demand], spent)
    return {
      decision: combine(decision, isGranted ? null : BUDGET_EXCEEDED),
      shown: { ...shown, chains, unresolved },
    }
  }
}

const IGNORED: Decider = (before) => before

/**
 * Returns how much a question needs of the budgets; null if nothing. For a feature that is not
 * metered, this is only what was sent, without a default.
 */
function demandOf({ capability, request: { usage, defaultUsage } }: CheckQuery): Demand | null {
  if (capability.kind === 'currency') {
    const { key: capabilityKey } = capability.currency
    const amount = usage ?? defaultUsage
    return { capabilityKey, currencyId: null, transformation: null, amount }
  }
  const { feature } = capability
  if (feature === null) return null
  return {
    capabilityKey: feature.key,
    currencyId: null,
    transformation: feature.unitTransformation,
    amount: usage ?? (feature.meterType === 'None' ? 0n : defaultUsage),
  }
}

const NONE: ReadonlyMap<string, Quantity> = new Map()

/** Returns the sums of expired holds, by the names of their counters. */
function expiredByCounter(expired: readonly OpenHold[]): ReadonlyMap<string, Quantity> {
  if (expired.length === 0) return NONE
  const over = new Map<string, Quantity>()
  for (const { amount, postings } of expired)
    for (const { window, ...of } of postings) {
      const name = counterName(of, window)
      over.set(name, (over.get(name) ?? 0n) + amount)
    }
  return over
}

/** Returns the counters that are not cached of the windows that contain `now`. */
function lackingCounters(
  { customerKey, now, cached }: UsageSource,
  { resolution }: CheckQuery,
): CounterKey[] {
  if (resolution === null) return []
  return resolution.budgets
    .map((budget) => ({ ...budget, window: windowOf(budget, now), customerKey }))
    .filter((counter) => cached.budgets.get(nameOf(counter)) === undefined)
}

const nameOf = (counter: CounterKey): string => counterName(counter, counter.window)

async function readLacking(
  { cached, grown }: UsageSource,
  reader: Reader,
  lacking: readonly CounterKey[],
): Promise<void> {
  addCounters(cached.budgets, lacking.map(nameOf), await readCounters(reader, lacking))
  grown()
}

/** Adds counters that were read. Those that are not stored are 0. */
export function addCounters(
  cached: CachedCounters,
  names: readonly string[],
  { counters, holds }: StoredUsage,
): void {
  for (const name of names) {
    if (cached.get(name) !== undefined) continue
    const [usage, held] = [counters.get(name) ?? 0n, holds.get(name) ?? 0n]
    cached.put(name, { usage, held, setAt: undefined, crossed: undefined })
  }
}
