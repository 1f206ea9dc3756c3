import type { RowColumns } from '../db/index.ts'
import type { CustomerMeterSubject, Posting, UsageRecord, WindowOf } from './types.ts'

/** Columns for `rows`: the subject of a meter. */
export const subjectColumns: RowColumns<CustomerMeterSubject> = {
  customer_key: ['uuid', ({ customerKey }) => customerKey],
  feature_key: ['uuid', ({ featureKey }) => featureKey],
  resource_key: ['uuid', ({ resourceKey }) => resourceKey],
}

/** Columns for `rows`: the subject of a meter, and a window. */
export const windowOfColumns: RowColumns<WindowOf> = {
  ...subjectColumns,
  window_start: ['timestamptz', ({ window }) => window.start],
  window_end: ['timestamptz', ({ window }) => window.end],
}

type AttributionOwner = Pick<UsageRecord, 'attribution'>

/** Returns one element per posting, or null without an attribution. */
export const ofPostings = <T>(
  { attribution }: AttributionOwner,
  of: (posting: Posting) => T,
): T[] | null => (attribution === null ? null : attribution.postings.map(of))

/** Columns for `rows`: the entities of an attribution, and the counters of its postings. */
export const attributionColumns: RowColumns<AttributionOwner> = {
  direct_entity_keys: ['uuid[]', ({ attribution }) => attribution?.direct ?? null],
  entity_keys: ['uuid[]', ({ attribution }) => attribution?.entities ?? null],
  assignment_keys: ['uuid[]', (each) => ofPostings(each, ({ assignmentKey }) => assignmentKey)],
  assignment_revisions: ['integer[]', (each) => ofPostings(each, ({ revision }) => revision)],
  assignment_windows: ['timestamptz[]', (each) => ofPostings(each, ({ window }) => window.start)],
}
