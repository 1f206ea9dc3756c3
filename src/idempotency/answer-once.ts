import { isLockTimeout, type Tx, within } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { ApiError, badInput } from '../kernel/errors.ts'
import { createKeyedMutex } from '../kernel/keyed-mutex.ts'
import type { Call } from '../operation.ts'
import { hashesOf } from './hashes.ts'
import { claim, findAnswer, type KeyedScope, keepAnswer } from './store.ts'
import { KEPT_MS, scheduleTrimming } from './trim-answers.ts'
import type { AnswerResult, Given, NamedRequest } from './types.ts'

export type KeyedWork = {
  /** Runs what it is given alone among the writes of the same thing: the whole transaction. */
  readonly serialize: <T>(run: () => Promise<T>) => Promise<T>
  readonly work: (call: Call) => Promise<Given>
}

/**
 * Does the work of a named request once, and gives its answer to everybody who sends it again. What
 * the work answers is kept, a refusal too; what it throws is not, and the next one tries again. 400
 * `InvalidArgumentError` when the key has asked for something else before; 400
 * `ObjectAlreadyBeingUsedByAnotherRequestError` when the first one is still at work after a while.
 */
export type AnswerOnce = (
  call: Call,
  request: NamedRequest,
  keyed: KeyedWork,
) => Promise<AnswerResult>

/** As long as a lock is waited for in the database, in milliseconds. */
const WAIT_MS = 5000

export function createAnswerOnce(): AnswerOnce {
  // It is for the pool's sake: those who wait in the database hold a connection each.
  const exclusively = createKeyedMutex({ waitMs: WAIT_MS, refusal: stillAtWork })
  return (call, request, { serialize, work }) => {
    const named = { scope: call.scope, hashes: hashesOf(request) }
    const name = `${call.scope.environmentKey} ${named.hashes.request.toString('hex')}`
    return exclusively(name, () => serialize(() => answerIn(call, named, work)))
  }
}

async function answerIn(
  call: Call,
  named: KeyedScope,
  work: (call: Call) => Promise<Given>,
): Promise<AnswerResult> {
  const { app } = call
  return app.db.transaction(async (tx) => {
    if (!(await isMine(tx, named, app.clock))) return replay(tx, named)
    const { kept, ...answer } = await work({ ...call, app: { ...app, db: within(tx) } })
    const keeping = keepAnswer(tx, named, { ...answer, body: kept })
    await Promise.all([keeping, scheduleTrimming(tx, app, call.scope)])
    return { ...answer, isReplay: false }
  })
}

/** The row is taken first: another process that has the same request waits here. */
async function isMine(tx: Tx, named: KeyedScope, clock: Clock): Promise<boolean> {
  const claimed = claim(tx, named, { clock, keptMs: KEPT_MS })
  return (
    (await claimed.catch((error) => {
      throw isLockTimeout(error) ? stillAtWork() : error
    })) === 1
  )
}

async function replay(tx: Tx, named: KeyedScope): Promise<AnswerResult> {
  const { isSame, ...answer } = await findAnswer(tx, named)
  if (!isSame)
    throw badInput(
      'Idempotency-Key was used on this path with another body before; take a new one',
      'InvalidArgumentError',
    )
  return { ...answer, isReplay: true }
}

/** The headers make the official SDKs try again, which they do not for another 400. */
const stillAtWork = (): ApiError =>
  new ApiError(
    400,
    'ObjectAlreadyBeingUsedByAnotherRequestError',
    'Idempotency-Key: the first request with it is still at work; try again',
    { 'x-should-retry': 'true', 'retry-after': '1' },
  )
