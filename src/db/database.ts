import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { assert } from '../kernel/assert.ts'
import { ApiError } from '../kernel/errors.ts'
import { type Answer, query, readerOver, readOn, send } from './client.ts'
import { createEpochs } from './epochs.ts'
import { isReadOnly, isRetryable, isUnreachable, translated } from './failures.ts'
import { readByOne } from './heavy.ts'
import { type Look, lookAt, takenOver } from './look.ts'
import { LostCommit, resolvingLostCommits, type Transact } from './lost-commit.ts'
import { openPool, type Room } from './pool.ts'
import { createShare, type Share } from './share.ts'
import type { Sql } from './sql.ts'
import type { Database, Tx } from './types.ts'

export type Connection =
  | { connectionString: string }
  | { host: string; port: number; user: string; database: string }

export type DatabaseOptions = {
  connection: Connection
  poolSize: number
  /** Heavy reads at once, at most; unless given, only the pool bounds them. */
  maxHeavyReads?: number
  /** How long a statement may run before it is cancelled; that of requests unless given. */
  statementTimeoutMs?: number
  /** Called when an idle connection breaks; the pool replaces it by itself. */
  onIdleError: (error: Error) => void
  /** Whether a standby, or what is read-only, will do: for who only reads. */
  onlyReads?: boolean
  /** Called with what each new session says of its server, and one of them every few seconds. */
  onLook?: (look: Look) => void
  /** Called when the database has fewer connections left than the pool may have, and at the end. */
  onRoom?: (room: Room) => void
}

/**
 * Milliseconds to wait for a connection, the wait for a free one included. A database that is down
 * refuses at once; this bound is for one that is overloaded.
 */
const CONNECT_TIMEOUT_MS = 5000
/**
 * A session chooses between plans by what they cost when it was young. Where tables grow, one that
 * lives on plans a statement at every call, which takes longer than running it.
 */
const LIFETIME_SECONDS = 300
/** A statement on the request path that runs longer is a defect or an overload; it is cancelled. */
const STATEMENT_TIMEOUT_MS = 15_000
const LOCK_TIMEOUT_MS = 5000
const ATTEMPTS = 5
/** The longest pause before the second attempt; later ones may wait that many times longer. */
const RETRY_PAUSE_MS = 10
/** Of ten connections four may be in use by heavy reads, two of them by those of one caller. */
const HEAVY_PART = 0.4
/** Heavy reads that wait, in all and of one caller; they wait as long as for a connection. */
const HEAVY_WAITING = 200
const HEAVY_WAITING_PER_CALLER = 50
/** Beyond the server's own limit: it is for one that has stopped answering altogether. */
const ANSWER_GRACE_MS = 2000

/** Columns arrive as text; the decoders of `decode.ts` are the only place that reads them. */
const asText = { getTypeParser: () => (raw: string) => raw } as unknown as pg.CustomTypesConfig

export const clientConfig = (connection: Connection): pg.ClientConfig => ({
  ...connection,
  application_name: 'bursar',
  types: asText,
  // Statements are short, and plans for any values look dear: to compile them would only take time.
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
    patienceMs: CONNECT_TIMEOUT_MS,
    needsWrites: options.onlyReads !== true,
    onIdleError: options.onIdleError,
    onLook: options.onLook ?? ignore,
    onRoom: options.onRoom ?? ignore,
  })
  const share = shareOf(pool.size, options.maxHeavyReads)

  const withClient = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.take()
    let broken: Error | undefined
    try {
      return await work(client)
    } catch (error) {
      const cause = error instanceof ApiError || error instanceof LostCommit ? error.cause : error
      if (isReadOnly(cause)) pool.loseAll()
      if (isUnreachable(cause)) broken = cause as Error
      throw error
    } finally {
      client.release(broken)
    }
  }

  const database: Database = {
    epochs,
    read: readerOver((statement) =>
      withClient((client) => send(client, statement)).catch(throwTranslated),
    ),
    snapshot: (work, { plans } = {}) =>
      withClient((client) =>
        readOn(client, { run: (statement) => send(client, statement), plans }, work),
      ).catch(throwTranslated),
    transaction: (work, { isDurable } = {}) => {
      const transact: Transact = (part) =>
        withClient((client) => transactOn(client, part, () => pool.isFormer(client)))
      const attempt = () => resolvingLostCommits(transact, work, isDurable)
      return withRetries(attempt).catch(throwTranslated)
    },
    heavy: (reading, work) =>
      share
        .hold(reading, () =>
          withClient((client) => readByOne(client, { database, signal: reading.signal }, work)),
        )
        .catch(throwTranslated),
    withClient: (work) => withClient(work).catch(throwTranslated),
    look: () => withClient(lookAt).catch(throwTranslated),
    counts: () => ({ ...pool.counts(), heavy: share.counts() }),
    close: pool.close,
  }
  return database
}

function shareOf(poolSize: () => number, most = Number.POSITIVE_INFINITY): Share {
  const all = () => Math.max(1, Math.min(most, Math.floor(poolSize() * HEAVY_PART)))
  return createShare({
    all,
    perCaller: () => Math.max(1, Math.floor(all() / 2)),
    waiting: HEAVY_WAITING,
    waitingPerCaller: HEAVY_WAITING_PER_CALLER,
    waitMs: CONNECT_TIMEOUT_MS,
  })
}

const ignore = () => {}

const throwTranslated = (error: unknown): never => {
  throw translated(error)
}

/**
 * `begin` travels with the first statement, which saves a round trip. A COMMIT of a transaction
 * that failed unseen answers ROLLBACK without an error, hence the check of its tag. Nothing is
 * committed where the session `isFormer`: what was decided by another database would be lost.
 */
async function transactOn<T>(
  client: pg.PoolClient,
  work: (tx: Tx) => Promise<T>,
  isFormer: () => boolean,
): Promise<T> {
  let ended = false
  const run = (statement: Sql): Promise<Answer> => {
    assert(!ended, 'a statement was sent in a transaction that has ended')
    return send(client, statement)
  }
  const begun = query(client, 'begin')
  begun.catch(ignore)
  try {
    const result = await work({
      ...readerOver(run),
      execute: async (statement) => (await run(statement)).rowCount,
    })
    ended = true
    await begun
    if (isFormer()) throw takenOver()
    const committed = await query(client, 'commit').catch((error) => {
      throw isUnreachable(error) ? new LostCommit(error, result) : error
    })
    assert(committed.command === 'COMMIT', 'a failed transaction was about to be acknowledged')
    return result
  } catch (error) {
    ended = true
    await client.query('rollback').catch(ignore)
    throw error
  }
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
