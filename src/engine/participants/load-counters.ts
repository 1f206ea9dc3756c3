import {
  attributionOf,
  type CounterKey,
  countClosed,
  counterName,
  LEVEL_WINDOW,
  readCounters,
  readCrossed,
  type Threshold,
  windowOf,
} from '../../budgets/index.ts'
import type { Tx } from '../../db/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Attribution } from '../../metering/index.ts'
import type { ValidatedRecord } from '../types.ts'
import type { PartQuery } from './participant.ts'

/** The counters that the requests of a batch need, by `counterName`. */
export type LoadedCounters = {
  /** Those that were loaded and may be cached. */
  keys: readonly CounterKey[]
  counters: ReadonlyMap<string, Quantity>
  /** When the latest SET occurred. */
  setAts: ReadonlyMap<string, Instant>
  holds: ReadonlyMap<string, Quantity>
  /** The thresholds of the environment. */
  thresholds: readonly Threshold[]
  /** The thresholds that a counter has crossed; loaded only if there are thresholds. */
  crossed: ReadonlyMap<string, readonly Threshold[]>
}

/**
 * Loads the counters that decide, get a SET, are shown, or may cross a threshold. Those of windows
 * that may have been purged are never cached. At most one round trip.
 */
export async function loadCounters(tx: Tx, query: PartQuery): Promise<LoadedCounters> {
  const keys = countersOf(query)
  const isClosed = isClosedBy(query)
  const [counts, crossed] = await Promise.all([
    countsOf(tx, query, keys),
    crossedOf(tx, query, keys),
  ])
  const { thresholds } = query
  return { keys: keys.filter((each) => !isClosed(each)), ...counts, thresholds, crossed }
}

/** Returns the counters that the requests need, without duplicates. */
function countersOf({ records, decisions, thresholds }: PartQuery): CounterKey[] {
  const counters = [
    ...decisions.flatMap(({ record }) => postedCounters(record)),
    ...records.filter(isSet).flatMap(postedCounters),
    ...decisions.filter(({ isHeld }) => isHeld).flatMap(shownCounters),
    ...(thresholds.length === 0 ? [] : records.flatMap(openCounters)),
  ]
  return [...new Map(counters.map((each) => [nameOfKey(each), each])).values()]
}

const isSet = ({ setWindow }: ValidatedRecord): boolean => setWindow !== null

const postedCounters = ({
  customerKey,
  attribution,
}: Pick<ValidatedRecord, 'customerKey'> & { attribution: Attribution | null }): CounterKey[] =>
  (attribution?.postings ?? []).map((posting) => ({ ...posting, customerKey }))

/** Returns the counters of the budgets to which the dimensions lead now. */
function shownCounters({ record, resolution }: PartQuery['decisions'][number]): CounterKey[] {
  const { customerKey, amounts: measured, occurredAt } = record
  const attribution = resolution && attributionOf(resolution, { measured, occurredAt })
  return postedCounters({ customerKey, attribution })
}

/** Returns the counters of windows in progress. A window that is over crosses no threshold. */
function openCounters(record: ValidatedRecord): CounterKey[] {
  const { budgets, occurredAt, acceptedAt } = record
  const open = budgets
    .filter((budget) => windowOf(budget, occurredAt).end > acceptedAt)
    .map(({ assignmentKey }) => assignmentKey)
  return postedCounters(record).filter(({ assignmentKey }) => open.includes(assignmentKey))
}

/** Returns what is stored of counters, from the cache where possible. */
async function countsOf(tx: Tx, query: PartQuery, keys: readonly CounterKey[]) {
  const counters = new Map<string, Quantity>()
  const setAts = new Map<string, Instant>()
  const holds = new Map<string, Quantity>()
  const isClosed = isClosedBy(query)
  const { cachedOf, noteMiss } = query.usage
  const setting = new Set(query.records.filter(isSet).flatMap(postedCounters).map(nameOfKey))
  const missing = keys.filter((key) => {
    if (isClosed(key)) return true
    const name = nameOfKey(key)
    const known = cachedOf(key.customerKey).budgets.get(name)
    if (known === undefined) noteMiss(key.customerKey)
    if (known === undefined || (known.setAt === undefined && setting.has(name))) return true
    counters.set(name, known.usage)
    holds.set(name, known.held)
    if (known.setAt) setAts.set(name, known.setAt)
    return false
  })
  const [stored, closed] = await Promise.all([
    readCounters(tx, missing),
    countClosed(tx, missing.filter(isClosed)),
  ])
  for (const [name, count] of [...stored.counters, ...closed.counters]) counters.set(name, count)
  for (const [name, at] of [...stored.setAts, ...closed.setAts]) setAts.set(name, at)
  for (const [name, held] of stored.holds) holds.set(name, held)
  return { counters, setAts, holds }
}

/** Returns the crossed thresholds of counters, from the cache where possible. */
async function crossedOf(
  tx: Tx,
  { thresholds, usage: { cachedOf, noteMiss } }: PartQuery,
  keys: readonly CounterKey[],
): Promise<ReadonlyMap<string, readonly Threshold[]>> {
  if (thresholds.length === 0) return new Map()
  const cached = new Map<string, readonly Threshold[]>()
  const missing = keys.filter((key) => {
    const known = cachedOf(key.customerKey).budgets.get(nameOfKey(key))
    if (known === undefined) noteMiss(key.customerKey)
    if (known?.crossed !== undefined) cached.set(nameOfKey(key), known.crossed)
    return known?.crossed === undefined
  })
  return new Map([...cached, ...(await readCrossed(tx, missing))])
}

const nameOfKey = (key: CounterKey): string => counterName(key, key.window)

const isClosedBy =
  ({ closedUntilOf }: PartQuery) =>
  ({ window, customerKey }: CounterKey): boolean =>
    window.start < closedUntilOf(customerKey) && window.start !== LEVEL_WINDOW.start
