import type { App } from '../app.ts'
import {
  type CounterDifference,
  compareCounters,
  countCounters,
  findOrphanedAttributions,
  findWrongPostings,
  type OrphanedAttribution,
  type PostingProblem,
  rebuildCounters,
} from '../budgets/index.ts'
import { findFeaturesByKey } from '../catalog/features/index.ts'
import { findResourceIds, renewVersion } from '../customers/index.ts'
import type { Reader } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Owner } from '../kernel/scope.ts'
import {
  type Comparison,
  type ComparisonQuery,
  type CountedBy,
  compareMarks,
  compareTotals,
  type DistinctValuesDifference,
  findInconsistentRecords,
  findOrphanedDedupKeys,
  type RecordKey,
  readCountedBy,
  readSize,
  rebuildTotals,
  type TotalDifference,
  type UsageSize,
} from '../metering/rebuild/index.ts'
import { closedKeptMs } from '../metering/retention/index.ts'

const DAY_MS = 86_400_000

/** The result of comparing all stored usage of a customer with its records. */
export type CustomerVerification = {
  /** The number of rows. */
  size: UsageSize & { counters: number }
  totals: Comparison<TotalDifference>
  marks: Comparison<DistinctValuesDifference>
  counters: Comparison<CounterDifference>
  /** References of records and reservations to budgets and entities that do not exist. */
  attributions: Comparison<OrphanedAttribution>
  /** Inconsistent records, which `rebuildCustomer` leaves as they are. */
  records: Comparison<RecordKey>
  names: Comparison<RecordKey>
  postings: Comparison<PostingProblem>
  /** References of records to features and resources that do not exist. */
  subjects: Comparison<CountedBy>
}

/**
 * Compares all stored usage of a customer with its records as of one instant, and returns the first
 * `limit` differences of each kind. Reads all records of the customer several times.
 */
export const verifyCustomer = (
  app: App,
  customerKey: Uuid,
  limit: number,
): Promise<CustomerVerification> =>
  app.db.snapshot(async (reader) => {
    const size = await sizeOf(reader, customerKey)
    if (Object.values(size).every((rows) => rows === 0)) return nothingToVerify(size)
    const now = app.clock.now()
    // This is a day less than the retention ago, because the clocks of servers differ.
    const forgotten = now - closedKeptMs(app) + DAY_MS
    const query = { customerKey, limit, now, forgotten }
    const [totals, marks, counters, attributions, ...wrong] = await Promise.all([
      compareTotals(reader, query),
      compareMarks(reader, query),
      compareCounters(reader, query),
      findOrphanedAttributions(reader, query),
      findInconsistentRecords(reader, query),
      findOrphanedDedupKeys(reader, query),
      findWrongPostings(reader, query),
      findLostSubjects(reader, query),
    ])
    const [records, names, postings, subjects] = wrong
    return { size, totals, marks, counters, attributions, records, names, postings, subjects }
  })

async function findLostSubjects(
  reader: Reader,
  { customerKey, limit }: ComparisonQuery,
): Promise<Comparison<CountedBy>> {
  const counted = await readCountedBy(reader, customerKey)
  const keysOf = (what: CountedBy['what']) =>
    counted.flatMap((each) => (each.what === what ? [each.key] : []))
  const [features, resources] = await Promise.all([
    findFeaturesByKey(reader, keysOf('feature')),
    findResourceIds(
      reader,
      keysOf('resource').map((resourceKey) => ({ customerKey, resourceKey })),
    ),
  ])
  const there = new Set([...features.map(({ key }) => key), ...resources.keys()])
  const lost = counted.filter(({ key }) => !there.has(key))
  return { differences: lost.slice(0, limit), count: lost.length }
}

const NONE = { differences: [], count: 0 }

/** A short cut, because in a large installation most customers may have no usage. */
const nothingToVerify = (size: CustomerVerification['size']): CustomerVerification => ({
  size,
  totals: NONE,
  marks: NONE,
  counters: NONE,
  attributions: NONE,
  records: NONE,
  names: NONE,
  postings: NONE,
  subjects: NONE,
})

async function sizeOf(reader: Reader, customerKey: Uuid): Promise<CustomerVerification['size']> {
  const [size, counters] = await Promise.all([
    readSize(reader, customerKey),
    countCounters(reader, customerKey),
  ])
  return { ...size, counters }
}

/**
 * Rebuilds all stored usage of a customer from its records. Meanwhile its version is locked, so no
 * usage of it is counted. The new version makes all cached states of the customer invalid.
 */
export const rebuildCustomer = ({ db, clock }: App, owner: Owner): Promise<void> =>
  db.transaction(async (tx) => {
    await renewVersion(tx, { ...owner, now: clock.now() }, [owner.customerKey])
    await Promise.all([rebuildTotals(tx, owner), rebuildCounters(tx, owner)])
  })
