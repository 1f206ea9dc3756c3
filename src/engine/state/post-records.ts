import {
  type Budget,
  counterName,
  crossedBy,
  type Threshold,
  uncrossedBy,
  windowOf,
} from '../../budgets/index.ts'
import { transformUnits } from '../../catalog/features/index.ts'
import { required } from '../../kernel/assert.ts'
import { instantOfKey, type Uuid } from '../../kernel/ids.ts'
import { isSameWindow, LIFETIME, type Window } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import { type DedupRecord, hashOfMark } from '../../metering/dedup/index.ts'
import type {
  CustomerMeterSubject,
  MeterReading,
  Posting,
  Reservation,
  WindowTotal,
} from '../../metering/index.ts'
import {
  amountOfSet,
  findUsage,
  refuseOutOfRange,
  totalsAfterSet,
  totalsHolding,
  totalsWith,
  usageOf,
} from '../../metering/totals/index.ts'
import type { MeterAmount, ReportResult, ValidatedRecord } from '../types.ts'
import { dedupName, type State, subjectName, valueName } from './state.ts'

/**
 * Counts a record, unless one with the same deduplication key was counted. Returns the record that
 * counts. 400 of `postRecord`.
 */
export function postOnce(
  draft: State,
  record: ValidatedRecord,
  nextKey: () => string,
): DedupRecord {
  const { customerKey, occurredAt, dedup } = record
  if (dedup === null) {
    const eventKey = nextKey()
    postRecord(draft, record, eventKey)
    return { eventKey, occurredAt }
  }
  const dedupKey = { customerKey, name: dedup.key }
  const name = dedupName(dedupKey)
  const first = draft.dedupRecords.get(name)
  if (first !== undefined) return first
  const counted = { eventKey: nextKey(), occurredAt }
  postRecord(draft, record, counted.eventKey)
  draft.dedupRecords.set(name, counted)
  draft.dedupEntries.set(name, { ...counted, ...dedupKey, keptUntil: dedup.keptUntil })
  return counted
}

/** Counts a report as `postOnce` does, and returns its record with the usage after it. */
export function postReport(
  draft: State,
  record: ValidatedRecord,
  nextKey: () => string,
): ReportResult {
  const { eventKey, occurredAt } = postOnce(draft, record, nextKey)
  const { featureKey, feature, window, aggregate } = required(record.amounts[0], 'a feature')
  const totals = draft.totals.get(subjectName({ ...record, featureKey })) ?? []
  const { usage } = required(findUsage(totals, window, aggregate), 'the usage of a window')
  const units = transformUnits(usage, feature.unitTransformation)
  return {
    eventKey,
    occurredAt,
    acceptedAt: instantOfKey(eventKey),
    currentUsage: units < 0n ? 0n : units,
    period: isSameWindow(window, LIFETIME) ? null : window,
  }
}

/**
 * Counts a record in the totals of its features and in its budgets, whatever their limits. 400
 * `EntitlementUsageOutOfRangeError`, `UsageMeasurementDiffOutOfRangeError`. After either, the draft
 * must be dropped.
 */
export function postRecord(draft: State, record: ValidatedRecord, eventKey: Uuid): void {
  const { customerKey, resourceKey, occurredAt, acceptedAt } = record
  const { kind, eventName, value, dimensions } = record
  const measured = record.amounts.map((amount) => postToTotals(draft, record, amount))
  const postings = postToBudgets(draft, record)
  countUnresolved(draft, record)
  draft.records.push({
    customerKey,
    eventKey,
    occurredAt,
    resourceKey,
    acceptedAt,
    kind,
    eventName,
    value,
    dimensions,
    measured,
    attribution: record.attribution && { ...record.attribution, postings },
  })
}

/**
 * Adds a record to the totals of a feature. Returns the amount that it adds. A SET adds the
 * difference to the current usage, or 0 if it is older than the latest SET.
 */
function postToTotals(draft: State, record: ValidatedRecord, added: MeterAmount): MeterReading {
  const { customerKey, resourceKey, occurredAt, setWindow, field } = record
  const { featureKey, mark } = added
  const subject = { customerKey, featureKey, resourceKey }
  const name = subjectName(subject)
  const before = required(draft.totals.get(name), 'the totals of a feature')
  const amount =
    setWindow === null
      ? added.amount
      : (amountOfSet(sumIn(before, setWindow), { value: added.amount, occurredAt }, field) ?? 0n)
  const isNewIn =
    mark === null ? never : (window: Window) => addValue(draft, { ...subject, mark }, window)
  const counted = totalsWith(before, { amount, occurredAt }, isNewIn)
  const after = setWindow === null ? counted : totalsAfterSet(counted, occurredAt)
  refuseOutOfRange(usageOf(totalIn(after, added.window).tally, added.aggregate), field)
  draft.totals.set(name, after)
  return { featureKey, amount, mark }
}

const totalIn = (totals: readonly WindowTotal[], window: Window): WindowTotal =>
  required(
    totals.find((total) => isSameWindow(total.window, window)),
    'the total of a window',
  )

function sumIn(totals: readonly WindowTotal[], window: Window) {
  const { tally, setAt } = totalIn(totals, window)
  return { sum: tally.sum, setAt }
}

const never = () => false

/** Adds a distinct value to a window. Returns whether it is new in the window. */
function addValue(
  draft: State,
  { mark, ...subject }: CustomerMeterSubject & { mark: string },
  window: Window,
): boolean {
  const value = { ...subject, hash: hashOfMark(mark), window }
  const name = valueName(value, window)
  if (draft.seenValues.get(name)) return false
  draft.seenValues.set(name, true)
  draft.distinctValues.set(name, value)
  return true
}

/** Adds a record to its budgets and collects the thresholds that it crosses. */
function postToBudgets(draft: State, record: ValidatedRecord): Posting[] {
  const postings = (record.attribution?.postings ?? []).flatMap((posting) =>
    record.setWindow === null ? [posting] : setPosting(draft, record, posting),
  )
  for (const posting of postings) {
    const name = changeCounter(draft, record.customerKey, { posting, usage: posting.delta })
    draft.counters.set(name, (draft.counters.get(name) ?? 0n) + posting.delta)
    if (draft.thresholds.length > 0) crossThresholds(draft, record, { posting, name })
  }
  return postings
}

/** Notes what is added to the counter of a posting. Returns the name of the counter. */
function changeCounter(
  draft: State,
  customerKey: Uuid,
  { posting, usage = 0n, held = 0n }: { posting: Posting; usage?: Quantity; held?: Quantity },
): string {
  const { assignmentKey, revision, window } = posting
  const name = counterName(posting, window)
  const before = draft.counterChanges.get(name) ?? UNCHANGED
  draft.counterChanges.set(name, {
    ...{ customerKey, assignmentKey, revision, window },
    usage: before.usage + usage,
    held: before.held + held,
    setAt: draft.setAts.get(name) ?? null,
  })
  return name
}

const UNCHANGED = { usage: 0n, held: 0n }

/**
 * Returns the posting that brings a counter to the value of a SET; none if a later SET is known.
 */
function setPosting(draft: State, record: ValidatedRecord, posting: Posting): Posting[] {
  const { occurredAt, field } = record
  const value = required(record.value, 'the value of a SET')
  const name = counterName(posting, posting.window)
  const counter = { sum: draft.counters.get(name) ?? 0n, setAt: draft.setAts.get(name) ?? null }
  const delta = amountOfSet(counter, { value, occurredAt }, field)
  if (delta === null) return []
  draft.setAts.set(name, occurredAt)
  return [{ ...posting, delta }]
}

/** A posting with the name of its counter. */
type NamedPosting = { posting: Posting; name: string }

function crossThresholds(
  draft: State,
  record: ValidatedRecord,
  { posting, name }: NamedPosting,
): void {
  const { customerKey, amounts, origin, occurredAt, acceptedAt: now } = record
  const budget = record.budgets.find((each) => each.assignmentKey === posting.assignmentKey)
  // A reservation may have a posting to an earlier revision, whose windows are over.
  if (budget === undefined || budget.revision !== posting.revision) return
  const { feature } = required(
    amounts.find(({ featureKey }) => featureKey === budget.capabilityKey),
    'the feature of a budget',
  )
  const counter = required(draft.counters.get(name), 'the counter of a posting')
  const usage = transformUnits(counter, feature.unitTransformation)
  const window = windowOf(budget, occurredAt)
  const { usageLimit } = budget
  const before = withoutUncrossed(draft, { customerKey, posting, name, budget, usage })
  const state = { usage, usageLimit, window, fired: before }
  const thresholds = crossedBy(draft.thresholds, state, now)
  if (thresholds.length === 0) return
  draft.crossed.set(name, [...before, ...thresholds])
  draft.crossings.push({ customerKey, budget, feature, window, usage, thresholds, origin, now })
}

/**
 * Returns the crossed thresholds of a budget. Thresholds that a level has fallen below are reset
 * first.
 */
function withoutUncrossed(
  draft: State,
  at: NamedPosting & { customerKey: Uuid; budget: Budget; usage: Quantity },
): readonly Threshold[] {
  const { customerKey, posting, name, usage } = at
  const crossed = draft.crossed.get(name) ?? []
  const { isLevel, usageLimit } = at.budget
  const uncrossed = isLevel ? uncrossedBy({ usage, usageLimit, fired: crossed }) : []
  if (uncrossed.length === 0) return crossed
  const left = crossed.filter((threshold) => !uncrossed.includes(threshold))
  draft.crossed.set(name, left)
  draft.resets.push(...uncrossed.map((threshold) => ({ ...posting, customerKey, threshold })))
  return left
}

/** Counts the attribution keys of a record or reservation that name no entity. */
export function countUnresolved(draft: State, record: ValidatedRecord): void {
  const { unresolved, customerKey, acceptedAt } = record
  for (const key of unresolved) {
    const name = `${customerKey} ${key}`
    const records = (draft.unattributed.get(name)?.records ?? 0) + 1
    draft.unattributed.set(name, { customerKey, key, records, lastAt: acceptedAt })
  }
}

/** Adds the hold of a reservation to totals and budgets (`1n`), or removes it (`-1n`). */
export function postHold(draft: State, reservation: Reservation, sign: 1n | -1n): void {
  const { customerKey, occurredAt, attribution } = reservation
  const amount = sign * reservation.amount
  const subject = subjectName(reservation)
  const before = required(draft.totals.get(subject), 'the totals of a reservation')
  draft.totals.set(subject, totalsHolding(before, { amount, occurredAt }))
  for (const posting of attribution?.postings ?? []) {
    const name = changeCounter(draft, customerKey, { posting, held: amount })
    draft.holds.set(name, (draft.holds.get(name) ?? 0n) + amount)
  }
}
