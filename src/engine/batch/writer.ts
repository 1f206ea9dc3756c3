import type { App } from '../../app.ts'
import { StaleKey, unknownCustomer } from '../../customers/index.ts'
import { isLockTimeout, isUnreachable, perEpoch } from '../../db/index.ts'
import type { EntitlementReads } from '../../entitlements/index.ts'
import { assert } from '../../kernel/assert.ts'
import { ApiError, unavailable, WrongClock } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Origin } from '../../kernel/origin.ts'
import type { Scope } from '../../kernel/scope.ts'
import {
  type Cache,
  cacheCatalog,
  cacheEntitlements,
  cacheResolutions,
  createCache,
  pastBy,
} from '../cache/index.ts'
import { type ConsumptionAnswer, denied, useOfNobody } from '../consume/index.ts'
import type { ReservationAnswer } from '../reservations/index.ts'
import type {
  ConsumptionInput,
  EventInput,
  ReportInput,
  ReportResult,
  ReservationStepInput,
} from '../types.ts'
import { type BatchLimits, createBatchQueue, type QueueEntry } from './batch-queue.ts'
import { commitBatch } from './commit-batch.ts'
import type { BatchAnswer } from './execute-batch.ts'
import { findSubjectKeys, subjectKeysOf } from './find-subjects.ts'
import { type EngineRequest, itemsOf } from './request.ts'

/**
 * Two groups at once keep the database busy while one of them is decided; with 16 entries the
 * second is worth its statements. More records make a group slower without making the record
 * cheaper.
 */
const LIMITS: BatchLimits = {
  groups: 2,
  company: 16,
  records: 2000,
  turnRecords: 100,
  patience: 8,
  waitingOfOwner: 1000,
  waiting: 10_000,
  waitingBytes: 64 * 1024 * 1024,
}
/** Ids whose keys are remembered: about 20 MB. */
const KEYS = 100_000
/** Environments that are remembered. */
const ENVIRONMENTS = 10_000
/** How often the keys of a request's ids are found, should they be of what was lost. */
const LOOK_UPS = 2
/** What a record takes beside its dimensions, in bytes. */
const RECORD_BYTES = 1000

export type UsageWriter = {
  /** Counts reports, all or none. See `prepareReports`; 404 `CustomerNotFound`; 429, 503. */
  report(
    scope: Scope,
    reports: readonly ReportInput[],
    origin: Origin,
  ): Promise<readonly ReportResult[]>
  /** Counts events, all or none. See `prepareEvents`; 404 `CustomerNotFound`; 429, 503. */
  ingest(scope: Scope, events: readonly EventInput[], origin: Origin): Promise<void>
  /** Decides a use. See `prepareUse` and `decideUse`; an unknown customer is denied; 429, 503. */
  use(scope: Scope, use: ConsumptionInput, origin: Origin): Promise<ConsumptionAnswer>
  /** Settles a reservation. See `settle`; 404 `CustomerNotFound`; 429, 503. */
  settle(scope: Scope, settling: ReservationStepInput, origin: Origin): Promise<ReservationAnswer>
}

type Request = QueueEntry & { scope: Scope; work: EngineRequest }

/** Writes usage to the database of an application, by groups. */
export function createUsageWriter(app: App, entitlements: EntitlementReads): UsageWriter {
  const keysOf = perEpoch(() => createCache<Uuid>(KEYS))
  const committingOf = perEpoch(() => ({
    app,
    readCatalog: cacheCatalog(),
    readHoldings: cacheEntitlements(entitlements),
    readPast: pastBy(entitlements),
    readResolutions: cacheResolutions(),
    trimmed: createCache<true>(ENVIRONMENTS),
  }))
  const queue = createBatchQueue<Request, BatchAnswer>(
    LIMITS,
    (group) => {
      const works = group.map(({ work }) => work)
      return commitBatch(committingOf(app.db), laneOf(group), works)
    },
    { isHopeless, isLock },
  )
  const submit = async <K extends BatchAnswer['kind']>(
    kind: K,
    scope: Scope,
    work: EngineRequest,
  ): Promise<Extract<BatchAnswer, { kind: K }>> => {
    const items = itemsOf(work)
    const answer = await queue.submit({
      lane: scope.environmentKey,
      touches: [...new Set(items.map(({ customerKey }) => customerKey))],
      records: items.length,
      bytes: items.reduce((sum, item) => sum + bytesOf(item), 0),
      scope,
      work,
    })
    assert(answer.kind === kind, 'a request was answered as another kind')
    return answer as Extract<BatchAnswer, { kind: K }>
  }
  const withKeys = <T>(work: (keys: Cache<Uuid>) => Promise<T>): Promise<T> =>
    tryAgainWhenStale(() => keysOf(app.db), work)
  return {
    report: (scope, subjects, origin) =>
      withKeys(async (keys) => {
        const items = await findSubjectKeys(app.db.read, scope, { subjects, list: 'usages', keys })
        return (await submit('records', scope, { kind: 'reports', items, origin })).reported
      }),
    ingest: (scope, subjects, origin) =>
      withKeys(async (keys) => {
        const items = await findSubjectKeys(app.db.read, scope, { subjects, list: 'events', keys })
        await submit('records', scope, { kind: 'events', items, origin })
      }),
    use: (scope, use, origin) =>
      withKeys(async (keys) => {
        const [address] = await subjectKeysOf(app.db.read, scope, { subjects: [use], keys })
        if (!address) {
          const evaluated = useOfNobody(use.amount, app.clock.now())
          return denied({ evaluated, asksBudgets: use.asksBudgets, unresolved: [] })
        }
        const item = { ...use, ...address }
        return (await submit('use', scope, { kind: 'use', item, origin })).used
      }),
    settle: (scope, settling, origin) =>
      withKeys(async (keys) => {
        const subjects = [{ customerId: settling.customerId, resourceId: null }]
        const [address] = await subjectKeysOf(app.db.read, scope, { subjects, keys })
        if (!address) throw unknownCustomer(settling.customerId)
        const item = { ...settling, customerKey: address.customerKey }
        return (await submit('settling', scope, { kind: 'settling', item, origin })).settled
      }),
  }
}

/** Does work that begins by finding keys: remembered ones may be of what a fail-over has lost. */
async function tryAgainWhenStale<T>(
  rememberedKeys: () => Cache<Uuid>,
  work: (keys: Cache<Uuid>) => Promise<T>,
): Promise<T> {
  for (let left = LOOK_UPS; left > 0; left -= 1) {
    const keys = rememberedKeys()
    try {
      return await work(keys)
    } catch (error) {
      if (!(error instanceof StaleKey)) throw error
      keys.clear()
    }
  }
  throw unavailable('the database has just lost what the request is about; nothing was written')
}

const bytesOf = (item: object): number =>
  RECORD_BYTES + ('dimensionsText' in item ? String(item.dimensionsText).length : 0)

/** Entries of one lane are of one environment. */
const laneOf = (group: readonly Request[]): Scope => ({ environmentKey: group[0]?.lane ?? '' })

/** Without a database, or a clock, no one of a group would fare better by itself. */
const isHopeless = (error: unknown): boolean =>
  error instanceof WrongClock || (error instanceof ApiError && isUnreachable(error.cause))

const isLock = (error: unknown): boolean => error instanceof ApiError && isLockTimeout(error.cause)
