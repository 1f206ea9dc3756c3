import { tooManyRequests, unavailable } from '../../kernel/errors.ts'
import { type Cache, createCache } from '../cache/index.ts'

/** A request that waits to be committed together with others. */
export type QueueEntry = {
  /** Only entries of one environment share a batch. */
  environmentKey: string
  /**
   * The customers whose state it needs. Batches that run at once have no customer in common, except
   * for an entry that was passed over `maxPassOvers` times.
   */
  customerKeys: readonly string[]
  /** At least 1. */
  records: number
  /** The memory that it occupies, approximately. */
  bytes: number
}

/** The result of one entry. It does not depend on the other entries of its batch. */
export type Outcome<Answer> = { answer: Answer } | { refusal: unknown }

/** Commits a batch and returns an outcome for each entry, in order. Throws if the batch fails. */
export type CommitFunction<E, Answer> = (batch: readonly E[]) => Promise<readonly Outcome<Answer>[]>

export type BatchLimits = {
  /** The maximum number of batches that run at once. */
  maxBatches: number
  /**
   * While a batch runs, another one starts as soon as this many entries wait, or after
   * `MAX_BATCH_DELAY_MS`.
   */
  minBatchSize: number
  /** The maximum number of records in a batch. A batch of a single entry may have more. */
  maxRecords: number
  /** How many records of one customer are taken before it is the turn of the next customer. */
  quantum: number
  /** How often an entry of several customers may be passed over because one of them is busy. */
  maxPassOvers: number
  /** How much may wait: entries per customer, entries in total, bytes in total. */
  maxWaitingPerCustomer: number
  maxWaiting: number
  maxWaitingBytes: number
}

/** How the error of a batch is classified. */
export type RetryPolicy = {
  /** Whether retries of single entries would fail in the same way. */
  isNotRetryable: (error: unknown) => boolean
  /** Whether the batch timed out waiting for a row lock. */
  isLockTimeout: (error: unknown) => boolean
}

/**
 * Returns the way in which an entry would be committed. Only entries with the same way share a
 * batch, so that a slower entry does not delay the others.
 */
type WayOf<E> = (entry: E) => string

/** Calls `start` once all requests that have already arrived are in the queue. */
type AfterArrivals = (start: () => void) => unknown

export type BatchQueue<E, Answer> = {
  /**
   * Returns the result of an entry once its batch has been committed. 429 if too many entries of
   * its customer wait, 503 if too many entries or bytes wait in total. In both cases nothing was
   * written.
   */
  submit(entry: E): Promise<Answer>
}

type Isolation = 'entry' | 'customer'

type QueuedRequest<E, Answer> = {
  entry: E
  /** The queue in which the request waits, see `queueNameOf`. */
  queueName: string
  passOvers: number
  /**
   * Set after the entry's batch has failed. The entry is retried alone, or only with entries of its
   * customer.
   */
  isolation: Isolation | null
  settle: (outcome: Outcome<Answer>) => void
}

/**
 * Collects requests that arrive while earlier batches commit, so that they share a transaction. If
 * no batch runs, the next one starts at `afterArrivals`. While a batch runs, another one starts
 * when `minBatchSize` requests wait or after `MAX_BATCH_DELAY_MS`, because many small batches cost
 * more than a few large ones. Customers are served round-robin.
 *
 * If a batch fails, its requests are retried one by one, unless the error is not retryable. After a
 * lock timeout they are retried in one batch per customer. If a batch of a single customer times
 * out, all its requests fail, because each retry would take a full lock timeout. Then this customer
 * shares no batch with others until one of its batches succeeds.
 */
export function createBatchQueue<E extends QueueEntry, Answer>(
  limits: BatchLimits,
  commit: CommitFunction<E, Answer>,
  policy: RetryPolicy & { afterArrivals: AfterArrivals; wayOf: WayOf<E> },
): BatchQueue<E, Answer> {
  const queues: Queues<E, Answer> = new Map()
  const busyCustomers = new Map<string, number>()
  const lockedQueues = createCache<boolean>(LOCKED_QUEUES)
  let running = 0
  let waiting = 0
  let waitingBytes = 0

  const start = (minBatchSize = limits.minBatchSize) => {
    while (running < limits.maxBatches && (running === 0 || waiting >= minBatchSize)) {
      const state = { busyCustomers, lockedQueues, wayOf: policy.wayOf }
      const batch = takeBatch(queues, state, limits)
      if (batch.length === 0) return
      for (const { entry } of batch) {
        waiting -= 1
        waitingBytes -= entry.bytes
      }
      void run(batch)
    }
    if (waiting > 0 && running < limits.maxBatches) startLater()
  }
  const startLater = debounce(
    () => start(1),
    (later) => setTimeout(later, MAX_BATCH_DELAY_MS),
  )
  const startSoon = debounce(() => start(), policy.afterArrivals)

  const run = async (batch: readonly QueuedRequest<E, Answer>[]) => {
    running += 1
    addBusy(busyCustomers, batch, 1)
    const { retries, isLocked } = await settleBatch(batch, commit, policy)
    const queueName = singleQueueOf(batch)
    if (queueName !== null) lockedQueues.set(queueName, isLocked)
    addBusy(busyCustomers, batch, -1)
    running -= 1
    for (const request of retries.toReversed()) enqueue(request)
    startSoon()
  }

  const enqueue = (request: QueuedRequest<E, Answer>) => {
    waiting += 1
    waitingBytes += request.entry.bytes
    const queue = queues.get(request.queueName)
    if (queue === undefined) queues.set(request.queueName, [request])
    else if (request.isolation !== null) queue.unshift(request)
    else queue.push(request)
  }

  return {
    submit: async (entry) => {
      const queueName = queueNameOf(entry)
      const waitingOfCustomer = queues.get(queueName)?.length ?? 0
      refuseIfFull({ waiting, waitingBytes, waitingOfCustomer }, entry, limits)
      const outcome = await new Promise<Outcome<Answer>>((settle) => {
        enqueue({ entry, queueName, passOvers: 0, isolation: null, settle })
        startSoon()
      })
      if ('refusal' in outcome) throw outcome.refusal
      return outcome.answer
    },
  }
}

function refuseIfFull(
  now: { waiting: number; waitingBytes: number; waitingOfCustomer: number },
  { bytes, customerKeys }: QueueEntry,
  limits: BatchLimits,
): void {
  if (now.waiting >= limits.maxWaiting || now.waitingBytes + bytes > limits.maxWaitingBytes)
    throw unavailable('too many usage requests are waiting; try again')
  if (customerKeys.length === 1 && now.waitingOfCustomer >= limits.maxWaitingPerCustomer)
    throw tooManyRequests('too many usage requests of this customer are waiting; try again', {
      'retry-after': '1',
    })
}

/** The queue of each customer, in the order of their turns. No queue is empty. */
type Queues<E, Answer> = Map<string, QueuedRequest<E, Answer>[]>

/**
 * Each customer has a queue. All entries that need several customers share one queue, because there
 * are too many combinations of customers to give each a turn.
 */
const queueNameOf = ({ environmentKey, customerKeys }: QueueEntry): string =>
  `${environmentKey} ${customerKeys.length === 1 ? customerKeys[0] : ''}`

/** Returns a function whose call schedules `work`. While `work` is scheduled, calls do nothing. */
function debounce(work: () => void, whenDue: (later: () => void) => unknown): () => void {
  let isScheduled = false
  return () => {
    if (isScheduled) return
    isScheduled = true
    whenDue(() => {
      isScheduled = false
      work()
    })
  }
}

/** The longest time that an entry waits for others while a batch runs, in milliseconds. */
const MAX_BATCH_DELAY_MS = 20

/** The number of customers of which it is known whether their last batch timed out on a lock. */
const LOCKED_QUEUES = 10_000

/**
 * Settles the entries of a batch. Returns those to retry, and whether the batch timed out on a
 * lock.
 */
async function settleBatch<E extends QueueEntry, Answer>(
  batch: readonly QueuedRequest<E, Answer>[],
  commit: CommitFunction<E, Answer>,
  { isNotRetryable, isLockTimeout }: RetryPolicy,
): Promise<{ retries: readonly QueuedRequest<E, Answer>[]; isLocked: boolean }> {
  try {
    const outcomes = await commit(batch.map(({ entry }) => entry))
    batch.forEach(({ settle }, index) => {
      settle(outcomes[index] ?? { refusal: new Error('a batch returned too few outcomes') })
    })
    return { retries: [], isLocked: false }
  } catch (error) {
    const isLocked = isLockTimeout(error)
    const isOneCustomer = singleQueueOf(batch) !== null
    if (batch.length > 1 && !isNotRetryable(error) && !(isLocked && isOneCustomer)) {
      const isolationOf = ({ isolation, entry }: QueuedRequest<E, Answer>): Isolation =>
        isLocked && isolation === null && entry.customerKeys.length === 1 ? 'customer' : 'entry'
      const retries = batch.map((request) => ({ ...request, isolation: isolationOf(request) }))
      return { retries, isLocked: false }
    }
    for (const { settle } of batch) settle({ refusal: error })
    return { retries: [], isLocked }
  }
}

/** Returns the queue of a batch whose entries all belong to the same customer, else null. */
function singleQueueOf<E extends QueueEntry>(
  batch: readonly { queueName: string; entry: E }[],
): string | null {
  const queueName = batch[0]?.queueName ?? null
  const isSingle = batch.every(
    (request) => request.queueName === queueName && request.entry.customerKeys.length === 1,
  )
  return isSingle ? queueName : null
}

function addBusy<E extends QueueEntry>(
  busyCustomers: Map<string, number>,
  batch: readonly { entry: E }[],
  change: 1 | -1,
): void {
  for (const { entry } of batch)
    for (const customerKey of entry.customerKeys) {
      const batches = (busyCustomers.get(customerKey) ?? 0) + change
      if (batches === 0) busyCustomers.delete(customerKey)
      else busyCustomers.set(customerKey, batches)
    }
}

/**
 * Takes the requests of the next batch from the queues. Customers take turns as long as there is
 * room, and a customer that was served goes to the end. If a request's customer is in a running
 * batch, the request and the rest of its queue are passed over. A request of several customers is
 * passed over at most `maxPassOvers` times, because one of its customers may always be busy. Then
 * it is taken and waits for the locks in the database.
 */
function takeBatch<E extends QueueEntry, Answer>(
  queues: Queues<E, Answer>,
  state: {
    busyCustomers: ReadonlyMap<string, number>
    lockedQueues: Cache<boolean>
    wayOf: WayOf<E>
  },
  limits: BatchLimits,
): QueuedRequest<E, Answer>[] {
  const batch: QueuedRequest<E, Answer>[] = []
  const passedOver = new Map<string, QueuedRequest<E, Answer>>()
  let room = limits.maxRecords
  let way = ''
  const needsOwnBatch = ({ queueName, isolation }: QueuedRequest<E, Answer>) =>
    isolation === 'customer' || state.lockedQueues.get(queueName) === true
  const fits = (next: QueuedRequest<E, Answer>): boolean => {
    const first = batch[0]
    if (first === undefined) return true
    if (first.isolation === 'entry' || next.isolation === 'entry') return false
    if (first.queueName !== next.queueName && (needsOwnBatch(first) || needsOwnBatch(next)))
      return false
    if (first.entry.environmentKey !== next.entry.environmentKey || next.entry.records > room)
      return false
    return way === state.wayOf(next.entry)
  }
  // A queue from which nothing was taken has nothing for the rest of this batch either.
  for (let turns = [...queues]; turns.length > 0; ) {
    const served: typeof turns = []
    for (const [queueName, queue] of turns) {
      const size = batch.length
      let left = limits.quantum
      for (let next = queue[0]; next !== undefined && left > 0 && fits(next); next = queue[0]) {
        if (mustWait(next, state.busyCustomers, limits)) {
          passedOver.set(queueName, next)
          break
        }
        queue.shift()
        if (batch.length === 0) way = state.wayOf(next.entry)
        batch.push(next)
        room -= next.entry.records
        left -= next.entry.records
      }
      if (batch.length === size) continue
      moveToEnd(queues, queueName, queue)
      if (!passedOver.has(queueName)) served.push([queueName, queue])
    }
    turns = served
  }
  if (batch.length > 0) for (const next of passedOver.values()) next.passOvers += 1
  return batch
}

function moveToEnd<E, Answer>(
  queues: Queues<E, Answer>,
  queueName: string,
  queue: QueuedRequest<E, Answer>[],
): void {
  queues.delete(queueName)
  if (queue.length > 0) queues.set(queueName, queue)
}

const mustWait = <E extends QueueEntry, Answer>(
  { entry, passOvers }: QueuedRequest<E, Answer>,
  busyCustomers: ReadonlyMap<string, number>,
  { maxPassOvers }: BatchLimits,
): boolean =>
  (entry.customerKeys.length === 1 || passOvers < maxPassOvers) &&
  entry.customerKeys.some((customerKey) => busyCustomers.has(customerKey))
