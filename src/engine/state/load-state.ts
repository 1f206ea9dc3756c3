import {
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
import type { Clock, Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { dayOf, isSameWindow, LIFETIME, type Window } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Scope } from '../../kernel/scope.ts'
import { type DedupKeyOf, findDedupRecords, hashOfMark } from '../../metering/dedup/index.ts'
import type { CustomerMeterSubject, Reservation, WindowTotal } from '../../metering/index.ts'
import { findReservations, type ReservationOf } from '../../metering/reservations/index.ts'
import {
  type DistinctValueOf,
  findDistinctValues,
  findTotals,
  makeDistinctValues,
  makeTotals,
  mustBeMade,
  withWindow,
} from '../../metering/totals/index.ts'
import type { BatchUsage } from '../cache/index.ts'
import type { ValidatedRecord } from '../types.ts'
import {
  dedupName,
  type Earlier,
  reservationName,
  type State,
  stateOf,
  subjectName,
  valueName,
} from './state.ts'

/** What the requests of a batch need in the state. */
export type StateQuery = {
  /** Records that count in any case. */
  records: readonly ValidatedRecord[]
  /** Records that count if they are granted. */
  decisions: readonly ValidatedRecord[]
  /** Counters that are only shown. */
  shownCounters: readonly CounterKey[]
  /** Reservations that are about to change. */
  reservations: readonly Reservation[]
  thresholds: readonly Threshold[]
  /** Counters of a customer's windows that ended by this instant may have been purged. */
  closedUntilOf(customerKey: Uuid): Instant
  /**
   * Earlier decisions, and earlier records of events, that have deduplication keys of the batch.
   */
  earlier: Earlier
  /** The cached usage of the customers. */
  usage: Pick<BatchUsage, 'totalsOf' | 'counterOf'>
}

/** A state, and what was loaded for it: the subjects of its totals, and its counters. */
export type LoadedState = {
  state: State
  /** The deduplication keys that were found, by `dedupName`. */
  foundKeys: readonly string[]
  subjects: readonly TotalQuery[]
  counters: readonly CounterKey[]
}

/**
 * Loads the usage that a batch adds to or decides by. What is cached is not read. These are never
 * cached: deduplication keys of reports, distinct values and purged counters. No round trip if
 * everything that is needed is cached. Otherwise one, or more if a window with records has no
 * stored total yet.
 */
export async function loadState(
  tx: Tx,
  { scope, clock }: { scope: Scope; clock: Clock },
  query: StateQuery,
): Promise<LoadedState> {
  const { records, decisions, thresholds } = query
  const subjects = totalQueriesOf([...records, ...decisions])
  const { earlier } = query
  const recordKeys = earlier.isComplete
    ? []
    : dedupKeysOf(records).filter((key) => !earlier.records.has(dedupName(key)))
  const values = distinctValuesOf(records)
  const counters = countersOf(query)
  const [totals, dedupRecords, seen, counts, crossed, reserved] = await Promise.all([
    totalsOf(tx, query, subjects),
    findDedupRecords(tx, clock, recordKeys),
    findDistinctValues(tx, values),
    countsOf(tx, query, counters),
    crossedOf(tx, query, counters),
    findReservations(tx, reservationsOf(dedupKeysOf(decisions), earlier)),
  ])
  const storedTotals = new Set(totals.flat())
  const hasNewValues = await makeMissing(tx, scope, { totalQueries: subjects, totals })
  const known = new Map([
    ...found(earlier.records),
    ...found(new Map(recordKeys.map((key, index) => [dedupName(key), dedupRecords[index]]))),
  ])
  const decided = new Map(found(earlier.decisions))
  const state = stateOf({
    totals: new Map(
      subjects.map((each, index) => [
        subjectName(each),
        each.windows.reduce<readonly WindowTotal[]>(withWindow, totals[index] ?? []),
      ]),
    ),
    storedTotals,
    usedFeatures: new Set(
      subjects.flatMap(({ featureKey }, index) =>
        (totals[index] ?? []).some(isUsed) ? [featureKey] : [],
      ),
    ),
    dedupRecords: known,
    decisions: decided,
    reservations: new Map(
      [...query.reservations, ...reserved].map((each) => [reservationName(each), each]),
    ),
    seenValues: seenIn(values, hasNewValues ? await findDistinctValues(tx, values) : seen),
    ...counts,
    thresholds,
    crossed,
  })
  const isClosed = isClosedBy(query)
  return {
    state,
    foundKeys: [...known.keys(), ...decided.keys()],
    subjects,
    counters: counters.filter((each) => !isClosed(each)),
  }
}

/** Returns the totals of subjects, in order, from the cache where possible. */
async function totalsOf(
  tx: Tx,
  { usage }: StateQuery,
  subjects: readonly TotalQuery[],
): Promise<WindowTotal[][]> {
  // A cached total may have been computed without storing its distinct values.
  const cached = subjects.map((each) =>
    each.hasMarks ? undefined : usage.totalsOf(each, each.from),
  )
  const missing = subjects.filter((_, index) => cached[index] === undefined)
  const read = await findTotals(tx, missing)
  return cached.map((known) => [...(known ?? read.shift() ?? [])])
}

/** Returns what is stored of counters, from the cache where possible. */
async function countsOf(tx: Tx, query: StateQuery, keys: readonly CounterKey[]) {
  const counters = new Map<string, Quantity>()
  const setAts = new Map<string, Instant>()
  const holds = new Map<string, Quantity>()
  const isClosed = isClosedBy(query)
  const setting = new Set(query.records.filter(isSet).flatMap(postedCounters).map(nameOfKey))
  const missing = keys.filter((key) => {
    const known = isClosed(key) ? undefined : query.usage.counterOf(key)
    if (known === undefined) return true
    const name = nameOfKey(key)
    if (known.setAt === undefined && setting.has(name)) return true
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
  { thresholds, usage }: StateQuery,
  keys: readonly CounterKey[],
): Promise<ReadonlyMap<string, readonly Threshold[]>> {
  if (thresholds.length === 0) return new Map()
  const cached = new Map<string, readonly Threshold[]>()
  const missing = keys.filter((key) => {
    const crossed = usage.counterOf(key)?.crossed
    if (crossed !== undefined) cached.set(nameOfKey(key), crossed)
    return crossed === undefined
  })
  return new Map([...cached, ...(await readCrossed(tx, missing))])
}

const isSet = ({ setWindow }: ValidatedRecord): boolean => setWindow !== null
const nameOfKey = (key: CounterKey): string => counterName(key, key.window)

/**
 * The totals that a batch needs of one feature: of these windows, and of all that end after `from`.
 */
type TotalQuery = CustomerMeterSubject & {
  from: Instant
  windows: readonly Window[]
  /** Whether distinct values are counted. */
  hasMarks: boolean
}

function totalQueriesOf(records: readonly ValidatedRecord[]): TotalQuery[] {
  const queries = new Map<string, TotalQuery>()
  for (const record of records)
    for (const { featureKey, window, mark } of record.amounts) {
      const { customerKey, resourceKey, occurredAt, setWindow } = record
      const subject = { customerKey, featureKey, resourceKey }
      const name = subjectName(subject)
      const before = queries.get(name) ?? {
        windows: [LIFETIME],
        from: LIFETIME.end,
        hasMarks: false,
      }
      const windows = [window, dayOf(occurredAt), ...(setWindow === null ? [] : [setWindow])]
      queries.set(name, {
        ...subject,
        windows: windows.reduce(including, before.windows),
        from: Math.min(before.from, occurredAt, record.acceptedAt),
        hasMarks: before.hasMarks || mark !== null,
      })
    }
  return [...queries.values()]
}

const including = (windows: readonly Window[], window: Window): readonly Window[] =>
  windows.some((other) => isSameWindow(window, other)) ? windows : [...windows, window]

const isUsed = ({ tally, held }: WindowTotal): boolean => tally.count > 0n || held > 0n

/**
 * Creates totals for windows that have records but no stored total, and adds them to `totals`.
 * Returns whether distinct values were written with them.
 */
async function makeMissing(
  tx: Tx,
  scope: Scope,
  { totalQueries, totals }: { totalQueries: readonly TotalQuery[]; totals: WindowTotal[][] },
): Promise<boolean> {
  const missing = totalQueries.flatMap((query, index) =>
    query.windows
      .filter((window) => mustBeMade(totals[index] ?? [], window))
      .map((window) => ({ ...query, window, index })),
  )
  const made = await makeTotals(tx, missing)
  made.forEach((total, index) => {
    totals[missing[index]?.index ?? -1]?.push(total)
  })
  const withValues = missing.filter((_, index) => (made[index]?.tally.distinct ?? 0n) > 0n)
  await makeDistinctValues(tx, scope, withValues)
  return withValues.length > 0
}

/** Returns the deduplication keys of records, without duplicates. */
export function dedupKeysOf(
  records: readonly ValidatedRecord[],
): (DedupKeyOf & { now: Instant })[] {
  const keys = records.flatMap(({ customerKey, dedup, acceptedAt }) =>
    dedup === null ? [] : [{ customerKey, name: dedup.key, now: acceptedAt }],
  )
  return [...new Map(keys.map((key) => [dedupName(key), key])).values()]
}

/** Returns the entries whose value is not null. */
const found = <V>(by: ReadonlyMap<string, V | null | undefined>): [string, V][] =>
  [...by].flatMap(([name, value]): [string, V][] => (value ? [[name, value]] : []))

/**
 * Returns the reservations that earlier decisions made: those that granted and recorded nothing.
 */
const reservationsOf = (keys: readonly DedupKeyOf[], { decisions }: Earlier): ReservationOf[] =>
  keys.flatMap((key) => {
    const decision = decisions.get(dedupName(key))
    if (!decision?.answer.isGranted || decision.answer.recorded) return []
    return [{ customerKey: key.customerKey, key: decision.eventKey }]
  })

function distinctValuesOf(records: readonly ValidatedRecord[]): DistinctValueOf[] {
  const values = new Map<string, DistinctValueOf>()
  for (const { customerKey, resourceKey, amounts } of records)
    for (const { featureKey, mark } of amounts) {
      if (mark === null) continue
      const value = { customerKey, featureKey, resourceKey, hash: hashOfMark(mark) }
      values.set(`${subjectName(value)} ${value.hash}`, value)
    }
  return [...values.values()]
}

const seenIn = (
  values: readonly DistinctValueOf[],
  windows: readonly Window[][],
): Map<string, true> =>
  new Map(
    values.flatMap((value, index) =>
      (windows[index] ?? []).map((window): [string, true] => [valueName(value, window), true]),
    ),
  )

/**
 * Returns the counters that decide, get a SET, are shown, or may cross a threshold, without
 * duplicates.
 */
function countersOf({ records, decisions, shownCounters, thresholds }: StateQuery): CounterKey[] {
  const compared = [...decisions, ...records.filter(isSet)]
  const counters = [
    ...[...compared.flatMap(postedCounters), ...shownCounters],
    ...(thresholds.length === 0 ? [] : records.flatMap(openCounters)),
  ]
  return [...new Map(counters.map((each) => [nameOfKey(each), each])).values()]
}

const postedCounters = ({ customerKey, attribution }: ValidatedRecord): CounterKey[] =>
  (attribution?.postings ?? []).map((posting) => ({ ...posting, customerKey }))

/** Returns the counters of windows in progress. A window that is over crosses no threshold. */
function openCounters(record: ValidatedRecord): CounterKey[] {
  const { budgets, occurredAt, acceptedAt } = record
  const open = budgets
    .filter((budget) => windowOf(budget, occurredAt).end > acceptedAt)
    .map(({ assignmentKey }) => assignmentKey)
  return postedCounters(record).filter(({ assignmentKey }) => open.includes(assignmentKey))
}

const isClosedBy =
  ({ closedUntilOf }: StateQuery) =>
  ({ window, customerKey }: CounterKey): boolean =>
    window.start < closedUntilOf(customerKey) && window.start !== LEVEL_WINDOW.start
