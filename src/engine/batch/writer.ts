import type { App } from '../../app.ts'
import {
  findCustomerKeys,
  findResourceKeys,
  StaleKey,
  unknownCustomer,
} from '../../customers/index.ts'
import { isLockTimeout, isUnreachable, perEpoch, type Reader } from '../../db/index.ts'
import { assert } from '../../kernel/assert.ts'
import { ApiError, notFound, unavailable, WrongClock } from '../../kernel/errors.ts'
import { inBody } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import type { Call } from '../../operation.ts'
import {
  type Cache,
  cacheCatalog,
  cacheEntitlements,
  cacheResolutions,
  createCache,
  type EngineContext,
  readPastEntitlements,
  readThrough,
} from '../cache/index.ts'
import { type ConsumptionAnswer, denialForUnknownCustomer, deny } from '../consume/index.ts'
import type { ReservationAnswer } from '../reservations/index.ts'
import type {
  ConsumptionInput,
  EventInput,
  ReportInput,
  ReportResult,
  ReservationStepInput,
  Subject,
  SubjectKeys,
} from '../types.ts'
import { type BatchLimits, createBatchQueue, type QueueEntry } from './batch-queue.ts'
import { type BatchAnswer, commitBatch } from './commit-batch.ts'
import { createBatchRecall } from './recall-basis.ts'
import { customersOf, type EngineRequest, itemsOf } from './request.ts'

/**
 * With two concurrent batches, the database is busy while one of them is decided. From 16 requests
 * on, a second batch is worth the cost of its own statements. With more than 2,000 records, a batch
 * takes longer, but the cost per record does not fall.
 */
const LIMITS: BatchLimits = {
  maxBatches: 2,
  minBatchSize: 16,
  maxRecords: 2000,
  quantum: 100,
  maxPassOvers: 8,
  maxWaitingPerCustomer: 1000,
  maxWaiting: 10_000,
  maxWaitingBytes: 64 * 1024 * 1024,
}
/** The maximum number of cached keys. They take about 20 MB. */
const KEYS = 100_000
/** The maximum number of environments that are noted because their purge is scheduled. */
const ENVIRONMENTS = 10_000
/** How often a request is tried. The first attempt may use keys that a fail-over has lost. */
const LOOK_UPS = 2
/** The memory of a record without its dimensions, in bytes. */
const RECORD_BYTES = 1000

/** Every method can fail with 429 or 503, as `BatchQueue.submit` does. */
export type UsageWriter = {
  /** Counts reports, all or none. Errors of `validateReports`; 404 `CustomerNotFound`. */
  report(call: WriterCall, reports: readonly ReportInput[]): Promise<readonly ReportResult[]>
  /** Counts raw events, all or none. Errors of `validateEvents`; 404 `CustomerNotFound`. */
  ingest(call: WriterCall, events: readonly EventInput[]): Promise<void>
  /**
   * Decides a consumption. An unknown customer is denied. Errors of `validateConsumption` and
   * `decideConsumption`.
   */
  consume(call: WriterCall, input: ConsumptionInput): Promise<ConsumptionAnswer>
  /**
   * Applies a step of a reservation. Errors of `validateReservationStep` and
   * `applyReservationStep`; 404 `CustomerNotFound`.
   */
  changeReservation(call: WriterCall, input: ReservationStepInput): Promise<ReservationAnswer>
}

type WriterCall = Pick<Call, 'scope' | 'origin' | 'state'>

type WriterEntry = QueueEntry & { scope: Scope; request: EngineRequest }

/** Creates the writer of an application's database. It commits requests in batches. */
export function createUsageWriter(app: App, engine: EngineContext): UsageWriter {
  const { entitlements } = engine
  const keysOf = perEpoch(() => createCache<Uuid>(KEYS))
  const cachesOf = perEpoch(() => {
    const memory = engine.memoryOf(app)
    return {
      app,
      memory,
      readCatalog: cacheCatalog(),
      readEntitlements: cacheEntitlements(entitlements, memory),
      readPastEntitlements: readPastEntitlements(entitlements, memory),
      readResolutions: cacheResolutions(),
      recall: createBatchRecall(memory.customers),
      purged: createCache<true>(ENVIRONMENTS),
    }
  })
  const queue = createBatchQueue<WriterEntry, BatchAnswer>(
    LIMITS,
    (batch) => {
      const requests = batch.map(({ request }) => request)
      return commitBatch(cachesOf(app.db), scopeOf(batch), requests)
    },
    // Requests that arrived in the same turn of the event loop then share a batch.
    {
      isNotRetryable,
      isLockTimeout: isLockTimeoutError,
      afterArrivals: setImmediate,
      wayOf: ({ scope, customerKeys }) =>
        cachesOf(app.db).recall.knows(scope, customerKeys) ? 'at once' : 'locked',
    },
  )
  const submit = async <K extends EngineRequest['kind']>(
    scope: Scope,
    request: EngineRequest & { kind: K },
  ): Promise<Extract<BatchAnswer, { kind: K }>> => {
    const items = itemsOf<EngineRequest>(request)
    const answer = await queue.submit({
      environmentKey: scope.environmentKey,
      customerKeys: customersOf(request),
      records: items.length,
      bytes: items.reduce((sum, item) => sum + bytesOf(item), 0),
      scope,
      request,
    })
    assert(answer.kind === request.kind, 'a result has another kind than its request')
    return answer as Extract<BatchAnswer, { kind: K }>
  }
  const { read } = app.db
  const withKeys = <T>(work: (keys: Cache<Uuid>) => Promise<T>): Promise<T> =>
    retryIfStale(() => keysOf(app.db), work)
  return {
    report: ({ scope, origin, state }, reports) =>
      withKeys(async (keys) => {
        const items = await requireKeys(read, { scope, keys, list: 'usages' }, reports)
        return (await submit(scope, { kind: 'reports', items, origin, state })).results
      }),
    ingest: ({ scope, origin, state }, events) =>
      withKeys(async (keys) => {
        const items = await requireKeys(read, { scope, keys, list: 'events' }, events)
        await submit(scope, { kind: 'events', items, origin, state })
      }),
    consume: ({ scope, origin, state }, input) =>
      withKeys(async (keys) => {
        const [found] = await findSubjectKeys(read, { scope, keys }, [input])
        if (!found) {
          await state?.verify()
          const evaluated = denialForUnknownCustomer(input.amount, app.clock.now())
          return deny({ evaluated, hasDimensions: input.hasDimensions, unresolved: [] })
        }
        const item = { ...input, ...found }
        return (await submit(scope, { kind: 'consumption', item, origin, state })).answer
      }),
    changeReservation: ({ scope, origin, state }, input) =>
      withKeys(async (keys) => {
        const subject = { customerId: input.customerId, resourceId: null }
        const [found] = await findSubjectKeys(read, { scope, keys }, [subject])
        if (!found) throw unknownCustomer(input.customerId)
        const item = { ...input, customerKey: found.customerKey }
        return (await submit(scope, { kind: 'reservation', item, origin, state })).answer
      }),
  }
}

/** Runs work with cached keys. If one of them is not in the database, drops all and tries again. */
async function retryIfStale<T>(
  cachedKeys: () => Cache<Uuid>,
  work: (keys: Cache<Uuid>) => Promise<T>,
): Promise<T> {
  for (let left = LOOK_UPS; left > 0; left -= 1) {
    const keys = cachedKeys()
    try {
      return await work(keys)
    } catch (error) {
      if (!(error instanceof StaleKey)) throw error
      keys.clear()
    }
  }
  throw unavailable('the database no longer has the customer or resource; nothing was written')
}

type KeyLookUp = { scope: Scope; keys: Cache<Uuid> }

/** Adds the keys to subjects, in order. 404 `CustomerNotFound` for the first unknown customer. */
async function requireKeys<S extends Subject>(
  reader: Reader,
  { list, ...lookUp }: KeyLookUp & { list: string },
  subjects: readonly S[],
): Promise<(S & SubjectKeys)[]> {
  const found = await findSubjectKeys(reader, lookUp, subjects)
  return subjects.map((subject, index) => {
    const keys = found[index] ?? null
    if (keys === null)
      throw notFound(
        inBody(list, index, 'customerId'),
        'CustomerNotFound',
        `${list}[${index}]: customer ${subject.customerId} not found`,
      )
    return { ...subject, ...keys }
  })
}

/**
 * Returns the keys of subjects, in order; null for an unknown customer. Keys are cached, because an
 * id never gets another key. But a restored database may lack a key, so each transaction that
 * writes verifies its keys.
 */
async function findSubjectKeys(
  reader: Reader,
  { scope, keys }: KeyLookUp,
  subjects: readonly Subject[],
): Promise<(SubjectKeys | null)[]> {
  const customerName = ({ customerId }: Subject) => `${scope.environmentKey} ${customerId}`
  const customers = await readThrough(keys, subjects, {
    nameOf: customerName,
    read: async (missing) => {
      const ids = missing.map(({ customerId }) => customerId)
      const found = await findCustomerKeys(reader, scope, ids)
      return missing.flatMap((subject) =>
        entryOf(customerName(subject), found.get(subject.customerId)),
      )
    },
  })
  const resourceName = (of: { customerKey: Uuid; resourceId: string }) =>
    `${of.customerKey} ${of.resourceId}`
  const ofResources = subjects.flatMap((subject) => {
    const customerKey = customers.get(customerName(subject))
    const { resourceId } = subject
    return customerKey === undefined || resourceId === null ? [] : [{ customerKey, resourceId }]
  })
  const resources = await readThrough(keys, ofResources, {
    nameOf: resourceName,
    read: async (missing) => {
      const found = await findResourceKeys(reader, missing)
      return missing.flatMap((each, index) => entryOf(resourceName(each), found[index]))
    },
  })
  return subjects.map((subject) => {
    const customerKey = customers.get(customerName(subject))
    const { resourceId } = subject
    if (customerKey === undefined) return null
    if (resourceId === null) return { customerKey, resourceKey: NO_RESOURCE }
    return {
      customerKey,
      resourceKey: resources.get(resourceName({ customerKey, resourceId })) ?? null,
    }
  })
}

const entryOf = (name: string, key: Uuid | null | undefined): [string, Uuid][] =>
  key ? [[name, key]] : []

const bytesOf = (item: object): number =>
  RECORD_BYTES + ('dimensionsText' in item ? String(item.dimensionsText).length : 0)

/** The entries of a batch belong to one environment. */
const scopeOf = (batch: readonly WriterEntry[]): Scope => ({
  environmentKey: batch[0]?.environmentKey ?? '',
})

/** Without a database or a clock, the requests would also fail one by one. */
const isNotRetryable = (error: unknown): boolean =>
  error instanceof WrongClock || (error instanceof ApiError && isUnreachable(error.cause))

const isLockTimeoutError = (error: unknown): boolean =>
  error instanceof ApiError && isLockTimeout(error.cause)
