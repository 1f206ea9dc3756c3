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
import type { Scope } from '../../kernel/scope.ts'
import {
  type Decision,
  type DedupKeyOf,
  findDecisions,
  findDedupRecords,
  hashOfMark,
} from '../../metering/dedup/index.ts'
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
import type { ValidatedRecord } from '../types.ts'
import {
  dedupName,
  type FirstAnswer,
  reservationName,
  type State,
  stateOf,
  subjectName,
  valueName,
} from './state.ts'

/** What the requests of a batch need. */
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
}

/**
 * Loads the usage that a batch adds to or decides by. One round trip, unless a window with records
 * has no stored total yet, or a reservation is requested again.
 */
export async function loadState(
  tx: Tx,
  { scope, clock }: { scope: Scope; clock: Clock },
  query: StateQuery,
): Promise<State> {
  const { records, decisions, thresholds } = query
  const totalQueries = totalQueriesOf([...records, ...decisions])
  const recordKeys = dedupKeysOf(records)
  const decisionKeys = dedupKeysOf(decisions)
  const values = distinctValuesOf(records)
  const counters = countersOf(query)
  const [totals, dedupRecords, firstDecisions, seen, counts, closed, crossed] = await Promise.all([
    findTotals(tx, totalQueries),
    findDedupRecords(tx, clock, recordKeys),
    findDecisions<FirstAnswer>(tx, clock, decisionKeys),
    findDistinctValues(tx, values),
    readCounters(tx, counters),
    countClosed(tx, counters.filter(isClosedBy(query))),
    readCrossed(tx, thresholds.length === 0 ? [] : counters),
  ])
  const reserved = await findReservations(tx, reservationsOf(decisionKeys, firstDecisions))
  const hasNewValues = await makeMissing(tx, scope, { totalQueries, totals })
  return stateOf({
    totals: new Map(
      totalQueries.map((each, index) => [
        subjectName(each),
        each.windows.reduce<readonly WindowTotal[]>(withWindow, totals[index] ?? []),
      ]),
    ),
    usedFeatures: new Set(
      totalQueries.flatMap(({ featureKey }, index) =>
        (totals[index] ?? []).some(isUsed) ? [featureKey] : [],
      ),
    ),
    dedupRecords: byDedupKey(recordKeys, dedupRecords),
    decisions: byDedupKey(decisionKeys, firstDecisions),
    reservations: new Map(
      [...query.reservations, ...reserved].map((each) => [reservationName(each), each]),
    ),
    seenValues: seenIn(values, hasNewValues ? await findDistinctValues(tx, values) : seen),
    counters: new Map([...counts.counters, ...closed.counters]),
    setAts: new Map([...counts.setAts, ...closed.setAts]),
    holds: counts.holds,
    thresholds,
    crossed,
  })
}

/** A feature that is about to be counted: the windows, and the earliest instant. */
type TotalQuery = CustomerMeterSubject & { from: Instant; windows: readonly Window[] }

function totalQueriesOf(records: readonly ValidatedRecord[]): TotalQuery[] {
  const queries = new Map<string, TotalQuery>()
  for (const record of records)
    for (const { featureKey, window } of record.amounts) {
      const { customerKey, resourceKey, occurredAt, setWindow } = record
      const subject = { customerKey, featureKey, resourceKey }
      const name = subjectName(subject)
      const before = queries.get(name) ?? { windows: [LIFETIME], from: LIFETIME.end }
      const windows = [window, dayOf(occurredAt), ...(setWindow === null ? [] : [setWindow])]
      queries.set(name, {
        ...subject,
        windows: windows.reduce(including, before.windows),
        from: Math.min(before.from, occurredAt, record.acceptedAt),
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
function dedupKeysOf(records: readonly ValidatedRecord[]): (DedupKeyOf & { now: Instant })[] {
  const keys = records.flatMap(({ customerKey, dedup, acceptedAt }) =>
    dedup === null ? [] : [{ customerKey, name: dedup.key, now: acceptedAt }],
  )
  return [...new Map(keys.map((key) => [dedupName(key), key])).values()]
}

const byDedupKey = <V>(keys: readonly DedupKeyOf[], found: readonly (V | null)[]): Map<string, V> =>
  new Map(
    keys.flatMap((key, index): [string, V][] => {
      const value = found[index] ?? null
      return value === null ? [] : [[dedupName(key), value]]
    }),
  )

/** Returns the reservations of earlier decisions that were granted and recorded nothing. */
const reservationsOf = (
  keys: readonly DedupKeyOf[],
  decisions: readonly (Decision<FirstAnswer> | null)[],
): ReservationOf[] =>
  keys.flatMap(({ customerKey }, index) => {
    const { eventKey, answer } = decisions[index] ?? { eventKey: '', answer: null }
    return answer?.isGranted === true && !answer.recorded ? [{ customerKey, key: eventKey }] : []
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
  const compared = [...decisions, ...records.filter(({ setWindow }) => setWindow !== null)]
  const counters = [
    ...[...compared.flatMap(postedCounters), ...shownCounters],
    ...(thresholds.length === 0 ? [] : records.flatMap(openCounters)),
  ]
  return [...new Map(counters.map((each) => [counterName(each, each.window), each])).values()]
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
