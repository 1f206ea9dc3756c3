import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { assert } from '../kernel/assert.ts'
import { ApiError } from '../kernel/errors.ts'
import { COMMIT, GENERIC_PLANS, query, readerOver, readOn, send } from './client.ts'
import { CommitOutcomeUnknown, withCommitProbe } from './commit-probe.ts'
import { createEpochs } from './epochs.ts'
import { isReadOnly, isRetryable, isUnreachable, translated } from './failures.ts'
import { readOnOneConnection } from './heavy.ts'
import { databaseReplacedError, type Look, lookAt } from './look.ts'
import { openPool, type PoolCapacity } from './pool.ts'
import { createShare, type Share } from './share.ts'
import type { Sql } from './sql.ts'
import type { SentStatement, StatementResult } from './statement-query.ts'
import type { Database, Tx } from './types.ts'

export type Connection =
  | { connectionString: string }
  | { host: string; port: number; user: string; database: string }

/** How many heavy reads may run at once, and the `pause` between them, see `ShareBounds`. */
export type HeavyReads = { most: number; pause: number }

export type DatabaseOptions = {
  connection: Connection
  poolSize: number
  /** Bounds of heavy reads. By default only the size of the pool bounds them. */
  heavyReads?: HeavyReads
  /** How long a statement may run before it is cancelled. The default is the limit of requests. */
  statementTimeoutMs?: number
  /** Called when an idle connection breaks. The pool replaces it. */
  onIdleError: (error: Error) => void
  /** Whether the database is only read, so that a standby or a read-only database is enough. */
  onlyReads?: boolean
  /** Called with the state of each new session, and every 5 s with the state of one session. */
  onLook?: (look: Look) => void
  /** Called when the database lacks connections for the pool, and when that is over. */
  onCapacity?: (capacity: PoolCapacity) => void
}

/**
 * How long to wait for a connection, in milliseconds. This includes the wait until the pool has a
 * free one. A database that is down refuses connections at once, so this limit matters only if the
 * database is overloaded.
 */
const CONNECT_TIMEOUT_MS = 5000
/**
 * How long a session is used, in seconds. For each statement, a session chooses between custom and
 * generic plans by the costs of the first calls. If tables grow afterwards, an old session plans a
 * statement at every call, and planning takes longer than running.
 */
const LIFETIME_SECONDS = 300
/** A statement of a request that runs longer is a defect or an overload. It is cancelled. */
const STATEMENT_TIMEOUT_MS = 15_000
const LOCK_TIMEOUT_MS = 5000
const ATTEMPTS = 5
/**
 * The longest pause before the second attempt, in milliseconds. The longest pause before attempt n
 * is n - 1 times as long.
 */
const RETRY_PAUSE_MS = 10
/** Of 10 connections, heavy reads may use 4. The heavy reads of one caller may use 2. */
const HEAVY_FRACTION = 0.4
/** How many heavy reads may wait for a connection: in total, and per caller. */
const HEAVY_WAITING = 200
const HEAVY_WAITING_PER_CALLER = 50
/**
 * How much longer than the statement timeout to wait for a response, in milliseconds. Only a
 * database that no longer responds at all takes longer.
 */
const ANSWER_GRACE_MS = 2000

/** Columns arrive as text. Only the decoders of `decode.ts` parse them. */
const asText = { getTypeParser: () => (raw: string) => raw } as unknown as pg.CustomTypesConfig

export const clientConfig = (connection: Connection): pg.ClientConfig => ({
  ...connection,
  application_name: 'bursar',
  types: asText,
  // Statements are short, but the estimated cost of generic plans is high enough that PostgreSQL
  // would compile them, which takes longer than it saves.
  options: `-c timezone=UTC -c datestyle=ISO -c extra_float_digits=1 -c jit=off`,
  keepAlive: true,
})

export function openDatabase(options: DatabaseOptions): Database {
  const { statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options
  const epochs = createEpochs()
  const pool = openPool({
    epochs,
    config: {
      ...clientConfig(options.connection),
      pipeline: true,
      idleTimeoutMillis: 60_000,
      maxLifetimeSeconds: LIFETIME_SECONDS,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    } as pg.PoolConfig,
    size: options.poolSize,
    timeoutMs: CONNECT_TIMEOUT_MS,
    needsWrites: options.onlyReads !== true,
    onIdleError: options.onIdleError,
    onLook: options.onLook ?? ignore,
    onCapacity: options.onCapacity ?? ignore,
  })
  const share = shareOf(pool.size, options.heavyReads)

  const withClient = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.take()
    let broken: Error | undefined
    try {
      return await work(client)
    } catch (error) {
      const isWrapper = error instanceof ApiError || error instanceof CommitOutcomeUnknown
      const cause = isWrapper ? error.cause : error
      if (isReadOnly(cause)) pool.discardAll()
      if (isUnreachable(cause)) broken = cause as Error
      throw error
    } finally {
      client.release(broken)
    }
  }

  const transact = <T>(work: (tx: Tx) => Promise<T>, plans?: 'cached'): Promise<T> =>
    withClient((client) => transactOn(client, work, { isStale: () => pool.isStale(client), plans }))

  const database: Database = {
    epochs,
    read: readerOver((statement) =>
      withClient((client) => send(client, statement)).catch(throwTranslated),
    ),
    snapshot: (work, { plans } = {}) =>
      withClient((client) =>
        readOn(client, { run: (statement) => send(client, statement), plans }, work),
      ).catch(throwTranslated),
    transaction: (work, { isDurable, plans } = {}) =>
      withRetries(() =>
        withCommitProbe(() => transact(work, plans), isDurable ? () => transact(isDurable) : null),
      ).catch(throwTranslated),
    write: (statement, { isDurable }) =>
      withRetries(() =>
        withCommitProbe(
          () => withClient((client) => writeOn(client, statement, () => pool.isStale(client))),
          () => transact(isDurable),
        ),
      ).catch(throwTranslated),
    heavy: (reading, work) =>
      share
        .run(reading, () =>
          withClient((client) =>
            readOnOneConnection(client, { database, signal: reading.signal }, work),
          ),
        )
        .catch(throwTranslated),
    withClient: (work) => withClient(work).catch(throwTranslated),
    look: () => withClient(lookAt).catch(throwTranslated),
    counts: () => ({ ...pool.counts(), heavy: share.counts() }),
    close: pool.close,
  }
  return database
}

const BY_POOL: HeavyReads = { most: Number.POSITIVE_INFINITY, pause: 0 }

function shareOf(poolSize: () => number, { most, pause } = BY_POOL): Share {
  const all = () => Math.max(1, Math.min(most, Math.floor(poolSize() * HEAVY_FRACTION)))
  return createShare({
    all,
    perCaller: () => Math.max(1, Math.floor(all() / 2)),
    waiting: HEAVY_WAITING,
    waitingPerCaller: HEAVY_WAITING_PER_CALLER,
    waitMs: CONNECT_TIMEOUT_MS,
    pause,
  })
}

const BEGIN: SentStatement = { text: 'begin' }
const BEGIN_WITH_GENERIC_PLANS: SentStatement = { text: `begin; ${GENERIC_PLANS}` }

const ignore = () => {}

const throwTranslated = (error: unknown): never => {
  throw translated(error)
}

/**
 * Runs one transaction. `begin` is sent together with the first statement, which saves a round
 * trip. If a statement failed and its error was ignored, COMMIT does not fail, but returns the
 * command tag ROLLBACK. So the tag is checked. A transaction whose session `isStale` is not
 * committed, because that database has been replaced and the change would be lost.
 */
async function transactOn<T>(
  client: pg.PoolClient,
  work: (tx: Tx) => Promise<T>,
  { isStale, plans }: { isStale: () => boolean; plans: 'cached' | undefined },
): Promise<T> {
  let ended = false
  const run = (statement: Sql): Promise<StatementResult> => {
    assert(!ended, 'a statement was sent in a transaction that has ended')
    return send(client, statement)
  }
  const begun = query(client, plans === 'cached' ? BEGIN_WITH_GENERIC_PLANS : BEGIN)
  begun.catch(ignore)
  try {
    const result = await work({
      ...readerOver(run),
      execute: async (statement) => (await run(statement)).rowCount,
    })
    ended = true
    await begun
    if (isStale()) throw databaseReplacedError()
    const committed = await query(client, COMMIT).catch((error) => {
      throw isUnreachable(error) ? new CommitOutcomeUnknown(error, result) : error
    })
    assert(committed.command === 'COMMIT', 'a failed transaction was about to be acknowledged')
    return result
  } catch (error) {
    ended = true
    await client.query('rollback').catch(ignore)
    throw error
  }
}

/**
 * Runs one statement without `begin`, as a transaction of its own. So its response is also the
 * response to its COMMIT. If the session `isStale` by then, the outcome on the database that has
 * replaced that of the session is not known.
 */
async function writeOn(
  client: pg.PoolClient,
  statement: Sql,
  isStale: () => boolean,
): Promise<void> {
  await send(client, statement).catch((error) => {
    const isUnknown = isUnreachable(error) && !isReadOnly(error)
    throw isUnknown ? new CommitOutcomeUnknown(error, undefined) : error
  })
  if (isStale()) throw new CommitOutcomeUnknown(databaseReplacedError(), undefined)
}

async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (tries >= ATTEMPTS || !isRetryable(error)) throw error
      await delay(randomInt(RETRY_PAUSE_MS * tries))
    }
  }
}
