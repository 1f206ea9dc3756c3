import { instantOfKey, type Uuid } from '../../kernel/ids.ts'
import type { DedupRecord } from '../../metering/dedup/index.ts'
import type { Postings } from '../participants/index.ts'
import type { ReportResult, ValidatedRecord } from '../types.ts'
import { dedupName, type State } from './state.ts'

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
  return draft.parts.reduce<ReportResult>((result, part) => part.report(record, result), {
    eventKey,
    occurredAt,
    acceptedAt: instantOfKey(eventKey),
    currentUsage: 0n,
    period: null,
  })
}

/**
 * Counts a record, whatever the limits are. 400 `EntitlementUsageOutOfRangeError`,
 * `UsageMeasurementDiffOutOfRangeError`. After either, the draft must be dropped.
 */
export function postRecord(draft: State, record: ValidatedRecord, eventKey: Uuid): void {
  const { customerKey, resourceKey, occurredAt, acceptedAt } = record
  const { kind, eventName, value, dimensions } = record
  const { measured, attribution } = draft.parts.reduce<Postings>(
    (before, part) => part.post(record, before),
    NO_POSTINGS,
  )
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
    attribution,
  })
}

const NO_POSTINGS: Postings = { measured: [], attribution: null }
