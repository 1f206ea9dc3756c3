import type { Tx } from '../../db/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { dayOf, isSameWindow, LIFETIME, type Window } from '../../kernel/period.ts'
import type { Scope } from '../../kernel/scope.ts'
import { hashOfMark } from '../../metering/dedup/index.ts'
import type { CustomerMeterSubject, WindowTotal } from '../../metering/index.ts'
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
import type { PartQuery } from './participant.ts'

/** A distinct value in a window. */
export type WindowValue = DistinctValueOf & { window: Window }

/** The window totals that the requests of a batch need. */
export type LoadedTotals = {
  /** By `subjectName`. `from`: totals of all windows that end later were loaded. */
  subjects: ReadonlyMap<string, { subject: CustomerMeterSubject; from: Instant }>
  totals: ReadonlyMap<string, readonly WindowTotal[]>
  /** The totals as they are stored. They need not be written again. */
  storedTotals: ReadonlySet<WindowTotal>
  /** Features for which one of the customers has usage or a hold. */
  usedFeatures: ReadonlySet<Uuid>
  /** The stored distinct values, by `valueName`. */
  seenValues: ReadonlyMap<string, true>
}

export const subjectName = ({
  customerKey,
  featureKey,
  resourceKey,
}: CustomerMeterSubject): string => `${customerKey} ${featureKey} ${resourceKey}`

export const valueName = (value: DistinctValueOf, window: Window): string =>
  `${subjectName(value)} ${value.hash} ${window.start} ${window.end}`

/**
 * Loads the totals that records and decisions count in or are compared with. Distinct values are
 * never cached. One round trip if something is not cached; more if a window with records has no
 * stored total yet.
 */
export async function loadTotals(
  tx: Tx,
  { scope, records, decisions, usage }: PartQuery,
): Promise<LoadedTotals> {
  const queries = queriesOf([...records, ...decisions.map(({ record }) => record)])
  const values = distinctValuesOf(records)
  const [found, seen] = await Promise.all([
    totalsOf(tx, queries, usage),
    findDistinctValues(tx, values),
  ])
  const totals = found.map((each) => [...each.totals])
  const storedTotals = new Set(totals.flat())
  const hasNewValues = await makeMissing(tx, scope, { queries, totals })
  const named = queries.map((query, index) => {
    const { customerKey, featureKey, resourceKey, windows } = query
    const subject = { customerKey, featureKey, resourceKey }
    const own = totals[index] ?? []
    return {
      name: subjectName(query),
      subject,
      from: found[index]?.from ?? query.from,
      windows,
      own,
    }
  })
  return {
    subjects: new Map(named.map(({ name, subject, from }) => [name, { subject, from }])),
    totals: new Map(
      named.map(({ name, windows, own }) => [
        name,
        windows.reduce<readonly WindowTotal[]>(withWindow, own),
      ]),
    ),
    storedTotals,
    usedFeatures: new Set(
      named.flatMap(({ subject, own }) => (own.some(isUsed) ? [subject.featureKey] : [])),
    ),
    seenValues: seenIn(values, hasNewValues ? await findDistinctValues(tx, values) : seen),
  }
}

const isUsed = ({ tally, held }: WindowTotal): boolean => tally.count > 0n || held > 0n

/**
 * The totals that a batch needs of one feature: of these windows, and of all that end after `from`.
 */
type TotalQuery = CustomerMeterSubject & {
  from: Instant
  windows: readonly Window[]
  /** Whether distinct values are counted. */
  hasMarks: boolean
}

function queriesOf(records: readonly ValidatedRecord[]): TotalQuery[] {
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

/**
 * Returns the totals of subjects, in order, from the cache where possible. A cached total may be
 * complete from an earlier instant than the query needs.
 */
async function totalsOf(
  tx: Tx,
  queries: readonly TotalQuery[],
  { cachedOf, noteMiss }: PartQuery['usage'],
): Promise<{ from: Instant; totals: readonly WindowTotal[] }[]> {
  const cached = queries.map((query) => {
    // A cached total may have been computed without storing its distinct values.
    if (query.hasMarks) return undefined
    const known = cachedOf(query.customerKey).limits.find(query, query.from)
    if (known === undefined) noteMiss(query.customerKey)
    return known
  })
  const missing = queries.filter((_, index) => cached[index] === undefined)
  const read = await findTotals(tx, missing)
  return queries.map(({ from }, index) => cached[index] ?? { from, totals: read.shift() ?? [] })
}

/**
 * Creates totals for windows that have records but no stored total, and adds them to `totals`.
 * Returns whether distinct values were written with them.
 */
async function makeMissing(
  tx: Tx,
  scope: Scope,
  { queries, totals }: { queries: readonly TotalQuery[]; totals: WindowTotal[][] },
): Promise<boolean> {
  const missing = queries.flatMap((query, index) =>
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
