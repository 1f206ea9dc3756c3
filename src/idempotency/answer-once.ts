import { isLockTimeout, type Tx, within } from '../db/index.ts'
import { schedulePurge } from '../jobs/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { ApiError, badInput } from '../kernel/errors.ts'
import { inHeader } from '../kernel/field.ts'
import { createKeyedMutex } from '../kernel/keyed-mutex.ts'
import type { Call } from '../operation.ts'
import { hashesOf } from './hashes.ts'
import { ANSWER_RETENTION_MS, answerPurge } from './purge-answers.ts'
import { claim, findAnswer, type KeyedScope, storeAnswer } from './store.ts'
import type { AnswerResult, AnswerToStore, NamedRequest } from './types.ts'

export type KeyedWork = {
  /** Runs the whole transaction alone among the writes with the same serialization key. */
  readonly serialize: <T>(run: () => Promise<T>) => Promise<T>
  readonly work: (call: Call) => Promise<AnswerToStore>
}

/**
 * Executes the work of a request with a key once, and returns its response to everyone who repeats
 * the request. Every response is stored, even a refusal. If the work throws, nothing is stored, so
 * the next attempt executes it. 400 `InvalidArgumentError` if the key was used with other content.
 * 400 `ObjectAlreadyBeingUsedByAnotherRequestError` if the first request is still running after the
 * time limit.
 */
export type AnswerOnce = (
  call: Call,
  request: NamedRequest,
  keyed: KeyedWork,
) => Promise<AnswerResult>

/** The same as the lock time-out of the database, in milliseconds. */
const WAIT_MS = 5000

export function createAnswerOnce(): AnswerOnce {
  // Each request that waits in the database occupies a connection. These wait without one.
  const exclusively = createKeyedMutex({ waitMs: WAIT_MS, refusal: stillRunning })
  return (call, request, { serialize, work }) => {
    const named = { scope: call.scope, hashes: hashesOf(request) }
    const name = `${call.scope.environmentKey} ${named.hashes.request.toString('hex')}`
    return exclusively(name, () => serialize(() => answerIn(call, named, work)))
  }
}

async function answerIn(
  call: Call,
  named: KeyedScope,
  work: (call: Call) => Promise<AnswerToStore>,
): Promise<AnswerResult> {
  const { app } = call
  return app.db.transaction(async (tx) => {
    if (!(await isMine(tx, named, app.clock))) return replay(tx, named)
    const { storedBody, ...answer } = await work({ ...call, app: { ...app, db: within(tx) } })
    const storing = storeAnswer(tx, named, { ...answer, body: storedBody })
    await Promise.all([storing, schedulePurge(tx, app, answerPurge, call.scope)])
    return { ...answer, isReplay: false }
  })
}

/** Inserts the row first. Another process with the same request waits for this row. */
async function isMine(tx: Tx, named: KeyedScope, clock: Clock): Promise<boolean> {
  const claimed = claim(tx, named, { clock, keptMs: ANSWER_RETENTION_MS })
  return (
    (await claimed.catch((error) => {
      throw isLockTimeout(error) ? stillRunning() : error
    })) === 1
  )
}

async function replay(tx: Tx, named: KeyedScope): Promise<AnswerResult> {
  const { isSame, ...answer } = await findAnswer(tx, named)
  if (!isSame)
    throw badInput(
      KEY,
      'Idempotency-Key was already used on this path with other content; use a new one',
      'InvalidArgumentError',
    )
  return { ...answer, isReplay: true }
}

const KEY = inHeader('Idempotency-Key')

/** The headers make the official SDKs retry, which they do not do for other 400s. */
const stillRunning = (): ApiError =>
  new ApiError(
    400,
    'ObjectAlreadyBeingUsedByAnotherRequestError',
    'Idempotency-Key: the first request with this key is still running; try again',
    { field: KEY, headers: { 'x-should-retry': 'true', 'retry-after': '1' } },
  )
