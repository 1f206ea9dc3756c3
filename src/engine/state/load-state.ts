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
  type FirstAnswer,
  nameOfMetered,
  nameOfNamed,
  nameOfReservation,
  nameOfSeen,
  type State,
  stateOf,
} from './state.ts'

/** What is about to be counted somewhere, in which windows, and since when it may have occurred. */
type Ask = CustomerMeterSubject & { from: Instant; windows: readonly Window[] }

/** What a group is about to count and decide. */
export type StateQuery = {
  /** What counts in any case. */
  records: readonly ValidatedRecord[]
  /** What counts if it is granted. */
  deciding: readonly ValidatedRecord[]
  /** What does not count, but whose budgets are shown. */
  shown: readonly ValidatedRecord[]
  /** What is about to be settled. */
  reservations: readonly Reservation[]
  thresholds: readonly Threshold[]
  /** Until when windows of a customer may have been trimmed. */
  closedUntilOf(customerKey: Uuid): Instant
}

/**
 * What has to be known to count records: one round trip, unless a window has no total yet although
 * something occurred in it, or a reservation is asked for again.
 */
export async function loadState(
  tx: Tx,
  { scope, clock }: { scope: Scope; clock: Clock },
  { records, deciding, shown, reservations, thresholds, closedUntilOf }: StateQuery,
): Promise<State> {
  const all = [...records, ...deciding]
  const asks = asksOf(all)
  const names = namesOf(records)
  const uses = namesOf(deciding)
  const marks = marksOf(records)
  const compared = [...deciding, ...records.filter(({ setIn }) => setIn !== null)]
  const watched = thresholds.length === 0 ? [] : records.flatMap(openCountersOf)
  const counters = eachOnce([...[...compared, ...shown].flatMap(countersOf), ...watched])
  const old = counters.filter(
    ({ window, customerKey }) =>
      window.start < closedUntilOf(customerKey) && window.start !== LEVEL_WINDOW.start,
  )
  const [kept, named, decided, seen, counted, closed, fired] = await Promise.all([
    findTotals(tx, asks),
    findDedupRecords(tx, clock, names),
    findDecisions<FirstAnswer>(tx, clock, uses),
    findDistinctValues(tx, marks),
    readCounters(tx, counters),
    countClosed(tx, old),
    readCrossed(tx, thresholds.length === 0 ? [] : counters),
  ])
  const held = await findReservations(tx, heldBy(uses, decided))
  const missing = asks.flatMap((ask, index) =>
    ask.windows
      .filter((window) => mustBeMade(kept[index] ?? [], window))
      .map((window) => ({ ...ask, window, index })),
  )
  const made = await makeTotals(tx, missing)
  const marked = missing.filter((_, index) => (made[index]?.tally.distinct ?? 0n) > 0n)
  await makeDistinctValues(tx, scope, marked)
  made.forEach((total, index) => {
    kept[missing[index]?.index ?? -1]?.push(total)
  })
  return stateOf({
    totals: asks.map((ask, index) => [
      nameOfMetered(ask),
      ask.windows.reduce<readonly WindowTotal[]>(withWindow, kept[index] ?? []),
    ]),
    counted: new Set(
      asks.flatMap(({ featureKey }, index) =>
        (kept[index] ?? []).some(isUsed) ? [featureKey] : [],
      ),
    ),
    named: entriesOf(names, named),
    decided: entriesOf(uses, decided),
    reservations: [...reservations, ...held].map((each) => [nameOfReservation(each), each]),
    seen: seenIn(marks, marked.length === 0 ? seen : await findDistinctValues(tx, marks)),
    counters: new Map([...counted.counters, ...closed.counters]),
    setAts: new Map([...counted.setAts, ...closed.setAts]),
    holds: counted.holds,
    fired,
    thresholds,
  })
}

function asksOf(records: readonly ValidatedRecord[]): Ask[] {
  const asks = new Map<string, Ask>()
  for (const record of records)
    for (const { featureKey, window } of record.counting) {
      const { customerKey, resourceKey, occurredAt, setIn } = record
      const metered = { customerKey, featureKey, resourceKey }
      const name = nameOfMetered(metered)
      const before = asks.get(name) ?? { windows: [LIFETIME], from: LIFETIME.end }
      const windows = [window, dayOf(occurredAt), ...(setIn === null ? [] : [setIn])]
      asks.set(name, {
        ...metered,
        windows: windows.reduce(including, before.windows),
        from: Math.min(before.from, occurredAt, record.acceptedAt),
      })
    }
  return [...asks.values()]
}

const including = (windows: readonly Window[], window: Window): readonly Window[] =>
  windows.some((other) => isSameWindow(window, other)) ? windows : [...windows, window]

const isUsed = ({ tally, held }: WindowTotal): boolean => tally.count > 0n || held > 0n

/** Names, each once. */
function namesOf(records: readonly ValidatedRecord[]): (DedupKeyOf & { now: Instant })[] {
  const names = records.flatMap(({ customerKey, naming, acceptedAt }) =>
    naming === null ? [] : [{ customerKey, name: naming.name, now: acceptedAt }],
  )
  return [...new Map(names.map((name) => [nameOfNamed(name), name])).values()]
}

const entriesOf = <V>(names: readonly DedupKeyOf[], found: readonly (V | null)[]): [string, V][] =>
  names.flatMap((name, index): [string, V][] => {
    const value = found[index] ?? null
    return value === null ? [] : [[nameOfNamed(name), value]]
  })

/** The reservations that granted decisions have made; a decision that made none names nothing. */
const heldBy = (
  names: readonly DedupKeyOf[],
  decided: readonly (Decision<FirstAnswer> | null)[],
): ReservationOf[] =>
  names.flatMap(({ customerKey }, index) => {
    const { eventKey, answer } = decided[index] ?? { eventKey: '', answer: null }
    return answer?.isGranted === true && !answer.recorded ? [{ customerKey, key: eventKey }] : []
  })

function marksOf(records: readonly ValidatedRecord[]): DistinctValueOf[] {
  const marks = new Map<string, DistinctValueOf>()
  for (const { customerKey, resourceKey, counting } of records)
    for (const { featureKey, mark } of counting) {
      if (mark === null) continue
      const own = { customerKey, featureKey, resourceKey, hash: hashOfMark(mark) }
      marks.set(`${nameOfMetered(own)} ${own.hash}`, own)
    }
  return [...marks.values()]
}

const seenIn = (
  marks: readonly DistinctValueOf[],
  windows: readonly Window[][],
): [string, true][] =>
  marks.flatMap((mark, index) =>
    (windows[index] ?? []).map((window): [string, true] => [nameOfSeen(mark, window), true]),
  )

/** The counters that a record may add to. */
const countersOf = ({ customerKey, counting, attributing }: ValidatedRecord): CounterKey[] =>
  (attributing.attributionOf(counting)?.postings ?? []).map((posting) => ({
    ...posting,
    customerKey,
  }))

/** Those of windows that go on: no threshold fires for one that is over. */
function openCountersOf(record: ValidatedRecord): CounterKey[] {
  const { attributing, occurredAt, acceptedAt } = record
  const open = attributing.budgets
    .filter((budget) => windowOf(budget, occurredAt).end > acceptedAt)
    .map(({ assignmentKey }) => assignmentKey)
  return countersOf(record).filter(({ assignmentKey }) => open.includes(assignmentKey))
}

const eachOnce = (counters: readonly CounterKey[]): CounterKey[] => [
  ...new Map(counters.map((each) => [counterName(each, each.window), each])).values(),
]
