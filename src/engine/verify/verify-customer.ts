import type { App } from '../../app.ts'
import { countCounters } from '../../budgets/index.ts'
import { findFeaturesByKey } from '../../catalog/features/index.ts'
import { findResourceIds, renewVersion } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Owner } from '../../kernel/scope.ts'
import type {
  Comparison,
  ComparisonQuery,
  CountedBy,
  RecordKey,
  UsageSize,
} from '../../metering/rebuild/index.ts'
import {
  findInconsistentRecords,
  findOrphanedDedupKeys,
  readCountedBy,
  readSize,
} from '../../metering/rebuild/index.ts'
import { closedKeptMs } from '../../metering/retention/index.ts'
import {
  PARTICIPANTS,
  type UsageComparison,
  type UsageComparisonQuery,
} from '../participants/index.ts'

const DAY_MS = 86_400_000

/** The result of comparing all stored usage of a customer with its records. */
export type CustomerVerification = UsageComparison & {
  /** The number of rows. */
  size: UsageSize & { counters: number }
  /** Inconsistent records, which `rebuildCustomer` leaves as they are. */
  records: Comparison<RecordKey>
  names: Comparison<RecordKey>
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
    const [usage, records, names, subjects] = await Promise.all([
      compareUsage(reader, query),
      findInconsistentRecords(reader, query),
      findOrphanedDedupKeys(reader, query),
      findLostSubjects(reader, query),
    ])
    return { size, ...usage, records, names, subjects }
  })

async function compareUsage(reader: Reader, query: UsageComparisonQuery): Promise<UsageComparison> {
  const compared = await Promise.all(PARTICIPANTS.map(({ compare }) => compare(reader, query)))
  let all = SAME_USAGE
  for (const own of compared) all = { ...all, ...own }
  return all
}

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

const SAME_USAGE: UsageComparison = {
  totals: NONE,
  marks: NONE,
  counters: NONE,
  attributions: NONE,
  postings: NONE,
}

/** A short cut, because in a large installation most customers may have no usage. */
const nothingToVerify = (size: CustomerVerification['size']): CustomerVerification => ({
  size,
  ...SAME_USAGE,
  records: NONE,
  names: NONE,
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
    await Promise.all(PARTICIPANTS.map(({ rebuild }) => rebuild(tx, owner)))
  })
