import { randomInt } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { assert } from '../kernel/assert.ts'
import { Refusal } from '../kernel/errors.ts'
import type { DecodeRow, RawRow } from './decode.ts'
import { isReadOnly, isRetryable, isUnreachable, translated } from './failures.ts'
import { type Look, lookAt } from './look.ts'
import { LostCommit, resolvingLostCommits, type Transact } from './lost-commit.ts'
import { openPool, type Room } from './pool.ts'
import { rendered, type Sql } from './sql.ts'
import { createTurns } from './turns.ts'

/** Reads. Outside a transaction each statement sees what was committed when it began. */
export type Reader = {
  many<T>(decode: DecodeRow<T>, statement: Sql): Promise<T[]>
  maybeOne<T>(decode: DecodeRow<T>, statement: Sql): Promise<T | null>
  /** Exactly one row; anything else is our defect. */
  one<T>(decode: DecodeRow<T>, statement: Sql): Promise<T>
}

/** A transaction that may write. It is unusable once it has ended. */
export type Tx = Reader & {
  /** Runs a statement for its effect; answers how many rows it touched. */
  execute(statement: Sql): Promise<number>
}

export type Database = {
  readonly read: Reader
  /**
   * Reads with several statements that all see the same instant: that of the first. `plans` that
   * are `kept` are those for any values: for what is asked very often and in one way only, planning
   * would take longer than running.
   */
  snapshot<T>(work: (reader: Reader) => Promise<T>, options?: { plans: 'kept' }): Promise<T>
  /**
   * Runs `work` in one transaction (read committed) and commits. Runs it again, at most four times
   * more, when PostgreSQL ends it for a deadlock or a serialisation failure: `work` must have no
   * effect outside the transaction. Throws `Refusal` 503 when the database is out of reach.
   * Transactions of one `turn` run one after the other in this process.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Runs statements that stand outside any module: migrations, health, listening. */
  withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T>
  /** What a session says now of the server that it is on. */
  look(): Promise<Look>
  counts(): { total: number; idle: number; waiting: number }
  close(): Promise<void>
}

export type TransactionOptions = {
  turn?: string
  /**
   * Tells whether the last run of the work has been committed, for a COMMIT whose answer was lost:
   * it waits for the end of that transaction, by a lock that the work takes, and looks for
   * something that it wrote. Without it the caller gets 503 and cannot know; with it the work is
   * answered, or run again.
   */
  isDurable?: (tx: Tx) => Promise<boolean>
}

export type Connection =
  | { connectionString: string }
  | { host: string; port: number; user: string; database: string }

export type DatabaseOptions = {
  connection: Connection
  poolSize: number
  /** How long a statement may run before it is cancelled; that of requests unless given. */
  statementTimeoutMs?: number
  /** Called when an idle connection breaks; the pool replaces it by itself. */
  onIdleError: (error: Error) => void
  /** Whether a stand-by, or what is read-only, will do: for who only reads. */
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
  const pool = openPool({
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
  const turns = createTurns()

  const withClient = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.take()
    let broken: Error | undefined
    try {
      return await work(client)
    } catch (error) {
      const cause = error instanceof Refusal || error instanceof LostCommit ? error.cause : error
      if (isReadOnly(cause)) pool.loseAll()
      if (isUnreachable(cause)) broken = cause as Error
      throw error
    } finally {
      client.release(broken)
    }
  }

  return {
    read: readerOver((statement) =>
      withClient((client) => send(client, statement)).catch(throwTranslated),
    ),
    snapshot: (work, options) => {
      const beginning = options?.plans === 'kept' ? SNAPSHOT_OF_KEPT_PLANS : SNAPSHOT
      return withClient((client) => readOn(client, work, beginning)).catch(throwTranslated)
    },
    transaction: (work, { turn, isDurable } = {}) => {
      const transact: Transact = (part) => withClient((client) => transactOn(client, part))
      const attempt = () => resolvingLostCommits(transact, work, isDurable)
      const run = () => withRetries(attempt).catch(throwTranslated)
      return turn === undefined ? run() : turns.take(turn, run)
    },
    withClient: (work) => withClient(work).catch(throwTranslated),
    look: () => withClient(lookAt).catch(throwTranslated),
    counts: pool.counts,
    close: pool.close,
  }
}

const ignore = () => {}

const throwTranslated = (error: unknown): never => {
  throw translated(error)
}

type Answer = { rows: RawRow[]; rowCount: number }

function readerOver(run: (statement: Sql) => Promise<Answer>): Reader {
  const maybeOne: Reader['maybeOne'] = async (decode, statement) => {
    const { rows } = await run(statement)
    assert(rows.length <= 1, 'a statement for at most one row answered more')
    return rows[0] === undefined ? null : decode(rows[0])
  }
  return {
    many: async (decode, statement) => (await run(statement)).rows.map(decode),
    maybeOne,
    one: async (decode, statement) => {
      const { rows } = await run(statement)
      const only = rows[0]
      assert(
        rows.length === 1 && only !== undefined,
        'a statement for one row answered another number',
      )
      return decode(only)
    },
  }
}

/** It can neither wait for a lock nor be ended for a conflict. */
const SNAPSHOT = 'begin isolation level repeatable read read only'
const SNAPSHOT_OF_KEPT_PLANS = `${SNAPSHOT}; set local plan_cache_mode = force_generic_plan`

/**
 * Reads as of one instant. Nothing depends on how the transaction ends, so that nobody waits for
 * its COMMIT: whoever has the connection next comes after it.
 */
async function readOn<T>(
  client: pg.PoolClient,
  work: (reader: Reader) => Promise<T>,
  beginning: string,
): Promise<T> {
  let ended = false
  const begun = query(client, beginning)
  begun.catch(ignore)
  try {
    const result = await work(
      readerOver((statement) => {
        assert(!ended, 'a statement was sent in a snapshot that has ended')
        return send(client, statement)
      }),
    )
    await begun
    return result
  } finally {
    ended = true
    query(client, 'commit').catch(ignore)
  }
}

/**
 * `begin` travels with the first statement, which saves a round trip. A COMMIT of a transaction
 * that failed unseen answers ROLLBACK without an error, hence the check of its tag.
 */
async function transactOn<T>(client: pg.PoolClient, work: (tx: Tx) => Promise<T>): Promise<T> {
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

async function send(client: pg.PoolClient, statement: Sql): Promise<Answer> {
  const { name, text, values } = rendered(statement)
  const result = await query(client, { name, text, values: [...values] })
  return { rows: result.rows, rowCount: result.rowCount ?? 0 }
}

/** Sends. What goes to one connection until others have their turn travels in one packet. */
function query(
  client: pg.PoolClient,
  what: string | pg.QueryConfig,
): Promise<pg.QueryResult<RawRow>> {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection
  if (!bundling.has(stream)) {
    bundling.add(stream)
    stream.cork()
    process.nextTick(() => {
      bundling.delete(stream)
      stream.uncork()
    })
  }
  return client.query<RawRow>(what)
}

const bundling = new WeakSet<Duplex>()
