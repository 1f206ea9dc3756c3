import type { Tx } from '../db/index.ts'
import {
  type CounterKey,
  counterName,
  postingsOf,
  readCounters,
  readFired,
  type Threshold,
} from '../governance/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { dayOf, isSameWindow, LIFETIME, type Window } from '../kernel/period.ts'
import type { Scope } from '../kernel/scope.ts'
import {
  findMarks,
  findNamed,
  findTotals,
  hashOfMark,
  type KeptTotal,
  type MarkOf,
  type MeteredOf,
  makeMarks,
  makeTotals,
  mustBeMade,
  type NameOf,
  withWindow,
} from '../metering/index.ts'
import { nameOfMetered, nameOfNamed, nameOfSeen, type State, stateOf } from './state.ts'
import type { Prepared } from './types.ts'

/** What is about to be counted somewhere, in which windows, and since when it may have occurred. */
type Ask = MeteredOf & { from: Instant; windows: readonly Window[] }

/**
 * What has to be known to count records: one round trip, unless a window has no total yet although
 * something occurred in it.
 */
export async function loadState(
  tx: Tx,
  scope: Scope,
  { records, thresholds }: { records: readonly Prepared[]; thresholds: readonly Threshold[] },
): Promise<State> {
  const asks = asksOf(records)
  const names = namesOf(records)
  const marks = marksOf(records)
  const counters = thresholds.length === 0 ? [] : countersOf(records)
  const [kept, named, seen, counted, fired] = await Promise.all([
    findTotals(tx, asks),
    findNamed(tx, names),
    findMarks(tx, marks),
    readCounters(tx, counters),
    readFired(tx, counters),
  ])
  const missing = asks.flatMap((ask, index) =>
    ask.windows
      .filter((window) => mustBeMade(kept[index] ?? [], window))
      .map((window) => ({ ...ask, window, index })),
  )
  const made = await makeTotals(tx, missing)
  const marked = missing.filter((_, index) => (made[index]?.tally.distinct ?? 0n) > 0n)
  await makeMarks(tx, scope, marked)
  made.forEach((total, index) => {
    kept[missing[index]?.index ?? -1]?.push(total)
  })
  return stateOf({
    totals: asks.map((ask, index) => [
      nameOfMetered(ask),
      ask.windows.reduce<readonly KeptTotal[]>(withWindow, kept[index] ?? []),
    ]),
    named: names.flatMap((name, index) => {
      const found = named[index]
      return found ? [[nameOfNamed(name), found]] : []
    }),
    seen: seenIn(marks, marked.length === 0 ? seen : await findMarks(tx, marks)),
    counters: counted.counters,
    fired,
    thresholds,
  })
}

function asksOf(records: readonly Prepared[]): Ask[] {
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

/** The names that may stand for records, each once. */
function namesOf(records: readonly Prepared[]): (NameOf & { now: Instant })[] {
  const names = records
    .filter(({ isRepeatable }) => isRepeatable)
    .map(({ customerKey, name, acceptedAt }) => ({ customerKey, name, now: acceptedAt }))
  return [...new Map(names.map((name) => [nameOfNamed(name), name])).values()]
}

function marksOf(records: readonly Prepared[]): MarkOf[] {
  const marks = new Map<string, MarkOf>()
  for (const { customerKey, resourceKey, counting } of records)
    for (const { featureKey, mark } of counting) {
      if (mark === null) continue
      const own = { customerKey, featureKey, resourceKey, hash: hashOfMark(mark) }
      marks.set(`${nameOfMetered(own)} ${own.hash}`, own)
    }
  return [...marks.values()]
}

const seenIn = (marks: readonly MarkOf[], windows: readonly Window[][]): [string, true][] =>
  marks.flatMap((mark, index) =>
    (windows[index] ?? []).map((window): [string, true] => [nameOfSeen(mark, window), true]),
  )

/** The counters that records add to, each once. */
function countersOf(records: readonly Prepared[]): CounterKey[] {
  const counters = new Map<string, CounterKey>()
  for (const { customerKey, counting, occurredAt, resolution } of records) {
    if (resolution === null) continue
    for (const { featureKey, amount } of counting)
      for (const posting of postingsOf(resolution, {
        capabilityKey: featureKey,
        amount,
        occurredAt,
      }))
        counters.set(counterName(posting, posting.window), { ...posting, customerKey })
  }
  return [...counters.values()]
}
