import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import {
  type Authenticator,
  type ConfiguredKey,
  createAuthenticator,
  ensureConfiguredKey,
  ensureDefaultEnvironment,
  followKeyChanges,
  makeSignInCode,
  sealStoredSecrets,
} from './access/index.ts'
import type { App, Log } from './app.ts'
import { counterPurge, RANK_BUDGETS } from './budgets/index.ts'
import { rankBudgets } from './budgets/ranking/index.ts'
import { type Config, ConfigError } from './config.ts'
import { mountConsole } from './console/index.ts'
import { findOwnerId, readSequences } from './customers/index.ts'
import type { Connection, Database, HeavyReads } from './db/index.ts'
import { migrate, openDatabase, readMigrations } from './db/index.ts'
import { type DecisionWriter, decisionPurge } from './decisions/index.ts'
import { startEmbedded } from './embedded-postgres/index.ts'
import { outboxPurge } from './events/index.ts'
import { decisions, engine, handlers, publishEntitlements, publisherInTask } from './handlers.ts'
import {
  type ApiDocument,
  callerOf,
  createServer,
  createValidators,
  limitFailures,
  mountMetrics,
  mountOpenRoutes,
  mountOperations,
  mountTestClock,
  type ReservedAddress,
  readApiDocument,
  reserveAddress,
  sendAnswers,
  traceOperations,
  type Validators,
} from './http/index.ts'
import { answerPurge } from './idempotency/index.ts'
import { type JobRunner, purgeWork, startJobRunner, type WorkHandlers } from './jobs/index.ts'
import { type Clock, type MovableClock, offsetClock, systemClock } from './kernel/clock.ts'
import { WrongClock } from './kernel/errors.ts'
import { uuidv7 } from './kernel/ids.ts'
import { type Origin, systemOrigin } from './kernel/origin.ts'
import type { Scope } from './kernel/scope.ts'
import { machine, type WatchedClock, watchClock } from './kernel/watched-clock.ts'
import { backgroundLog } from './log.ts'
import { makePartitions } from './metering/records/index.ts'
import { usagePurge } from './metering/retention/index.ts'
import { promotionalWork } from './promotional/index.ts'
import { createStateTokens } from './state-tokens/index.ts'
import { importTask, migrationTask, subscriptionWork } from './subscriptions/index.ts'
import { taskWork } from './tasks/index.ts'
import { VERSION } from './version.ts'

const CONTRACT = new URL('../api/openapi.json', import.meta.url)
export const MIGRATIONS = new URL('../migrations/', import.meta.url)

/** The handlers of due work, by kind. */
const workHandlers: WorkHandlers = {
  ...purgeWork([outboxPurge, answerPurge, usagePurge, counterPurge, decisionPurge]),
  [RANK_BUDGETS]: rankBudgets,
  ...promotionalWork(publishEntitlements),
  ...subscriptionWork(publishEntitlements),
  ...taskWork({
    SUBSCRIPTION_MIGRATION: migrationTask(publisherInTask),
    SUBSCRIPTION_IMPORT: importTask(publisherInTask),
  }),
}

/**
 * The embedded database shares the processors of the server, and a heavy read takes a whole one. At
 * least two run, so that one that is stuck does not block all others. If heavy reads followed each
 * other without a pause, they would double the latency of small requests on two processors.
 */
const HEAVY_READS_BESIDE_DATABASE: HeavyReads = {
  most: Math.max(2, Math.floor(availableParallelism() / 2)),
  pause: 0.5,
}

export type OpenedDatabase = {
  connection: Connection
  /** The directory of the embedded cluster; null with `DATABASE_URL`. */
  clusterDir: string | null
  stop(): Promise<void>
}

/** Opens the configured database. Without `DATABASE_URL`, starts the embedded one. */
export async function openConfigured(config: Config, log: Log): Promise<OpenedDatabase> {
  if (config.databaseUrl !== null)
    return {
      connection: { connectionString: config.databaseUrl },
      clusterDir: null,
      stop: async () => {},
    }
  const embedded = await startEmbedded({ dataDir: config.dataDir, log })
  return {
    connection: embedded.connection,
    clusterDir: embedded.clusterDir,
    stop: () => embedded.stop(),
  }
}

/** Migrates the schema, opens the pool, and waits until the clock is right. */
export async function createApp(from: {
  config: Config
  connection: Connection
  clock: Clock
  log: Log
  origin: Origin
  statementTimeoutMs?: number
  heavyReads?: HeavyReads
  /** Whether a database that cannot be written to is accepted. */
  onlyReads?: boolean
  /** Ends the wait for sessions that block a migration, or for a clock that is wrong. */
  signal?: AbortSignal
}): Promise<App> {
  const { config, connection, log, origin, signal } = from
  const { statementTimeoutMs, onlyReads = false } = from
  const watched = from.clock.isTest ? null : watchedBy(log, config)
  const clock = watched ?? from.clock
  const migrated = await migrate(connection, await readMigrations(MIGRATIONS), from.clock, {
    signal,
    patienceMs: config.migrationWaitSeconds * 1000,
    onWait: (what) => log.info({}, what),
  })
  for (const warning of migrated.warnings) log.warn({}, warning)
  if (migrated.applied.length > 0) log.info({ applied: migrated.applied }, 'schema migrated')
  const db = openDatabase({
    connection,
    poolSize: config.databasePoolSize,
    onlyReads,
    ...(from.heavyReads === undefined ? {} : { heavyReads: from.heavyReads }),
    ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
    onIdleError: ({ message }) =>
      log.warn({ reason: message }, 'an idle database connection broke'),
    onCapacity: (capacity) =>
      capacity.had < capacity.wanted
        ? log.warn(capacity, 'the database has fewer connections left than BURSAR_DATABASE_POOL')
        : log.info(capacity, 'the database may have enough connections again'),
    onLook: (look) => watched?.compare(look.clock),
  })
  if (watched !== null)
    await untilRight(db, watched, signal).catch(async (error) => {
      await db.close()
      throw error
    })
  return { db, clock, ids: uuidv7(), log, config, origin }
}

/**
 * Returns the machine's clock, compared with the database's. Logs one line when it becomes wrong,
 * and one when it is right again.
 */
const watchedBy = (log: Log, { maxClockSkewMs: maxSkewMs }: Config): WatchedClock =>
  watchClock({
    machine,
    maxSkewMs,
    onTurn: ({ isRight, skewMs }) =>
      isRight
        ? log.info({ skewMs }, "this machine's clock and the database's agree again")
        : log.error(
            { skewMs, maxSkewMs },
            "this machine's clock and the database's differ: nothing is decided until they agree",
          ),
  })

/** The interval at which a start compares a wrong clock again, in milliseconds. */
const ASK_AGAIN_MS = 1000

/**
 * Waits until the clock is right. Apart from migrations, nothing may be written with a wrong clock.
 * Without a signal that could end the wait, as in a command, throws `WrongClock` instead.
 */
async function untilRight(
  db: Database,
  clock: WatchedClock,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (;;) {
    clock.compare((await db.look()).clock)
    if (clock.standing()?.isRight === true) return
    if (signal === undefined) throw new WrongClock()
    await delay(ASK_AGAIN_MS, null, { signal }).catch(() => signal.throwIfAborted())
  }
}

export type Bursar = {
  readonly app: App
  readonly server: FastifyInstance
  readonly validators: Validators
  readonly authenticator: Authenticator
  readonly jobs: JobRunner
  readonly decisionWriter: DecisionWriter
  /**
   * Accepts no more requests, finishes those in progress, writes what was noted of them, then stops
   * the jobs and the listener and closes the pool.
   */
  close(): Promise<void>
}

type Contract = { contract: ApiDocument; validators: Validators }

/**
 * Shared by all servers of a process: to read the API document and to compile its validators takes
 * most of the work of a second server.
 */
let contractOfProcess: Promise<Contract> | null = null

async function readContract(): Promise<Contract> {
  const contract = await readApiDocument(CONTRACT)
  return { contract, validators: createValidators(contract) }
}

/** Creates the server of an application. It does not listen yet. */
export async function createBursar(from: {
  app: App
  connection: Connection
  log: Logger
  clock: MovableClock | null
}): Promise<Bursar> {
  const { app, connection, log, clock } = from
  contractOfProcess ??= readContract().catch((error) => {
    contractOfProcess = null
    throw error
  })
  const { contract, validators } = await contractOfProcess
  await makePartitions(app)
  const authenticator = createAuthenticator(app)
  const listener = followKeyChanges({ connection, epochs: app.db.epochs }, authenticator.keys)
  const { server, connections, bodies, admitBody, unbelieved } = createServer(log, app.config)
  const { answerBytes, answerBytesPerCaller } = app.config.bounds
  const answers = sendAnswers(
    server,
    { all: answerBytes, perOwner: answerBytesPerCaller },
    (request) => callerOf(request)?.actor.id ?? null,
  )
  const jobs = startJobRunner(app, workHandlers)
  const decisionWriter = decisions.start(app)
  traceOperations(server, contract)
  const keySetFailures = app.config.tokens === null ? null : authenticator.keySetFailures
  const held = { connections, bodies, answers, unbelieved }
  const keyCache = authenticator.keys.counts
  const engineCounts = () => engine.counts(app)
  const denialCounts = decisionWriter.counts
  const stateTokens = createStateTokens(app, readSequences)
  const { refusals: tokenRefusals } = stateTokens
  const counts = { keySetFailures, keyCache, engineCounts, denialCounts, tokenRefusals }
  const shown = { app, contract, ...held, version: VERSION, ...counts }
  if (app.config.metrics) mountMetrics(server, shown)
  const look = mountConsole(server)
  mountOpenRoutes(server, { app, contract, look })
  const authentication = limitFailures(authenticator)
  const { authenticate } = authentication
  const subscriberOf = (scope: Scope, id: string) =>
    findOwnerId(app.db.read, scope, { kind: 'subscription', id })
  const serving = { validators, authentication, handlers, admitBody, stateTokens, subscriberOf }
  mountOperations(server, { app, contract, ...serving })
  if (clock !== null) mountTestClock(server, { clock, authenticate, runDueWork: jobs.runNow })
  return {
    app,
    server,
    validators,
    authenticator,
    jobs,
    decisionWriter,
    // Each step is executed, even if an earlier one fails.
    close: () =>
      server
        .close()
        .finally(() => decisionWriter.stop())
        .finally(() => jobs.stop())
        .finally(() => listener.stop())
        .finally(() => app.db.close()),
  }
}

export type ServerHandle = {
  readonly url: string
  readonly clusterDir: string | null
  /** Makes a code that signs in to the default environment with full access. */
  makeSignInCode(): Promise<string>
  stop(): Promise<void>
}

/** What a start gets from its caller. */
export type Start = {
  log: Logger
  /**
   * Ends the waits of a start. The start then stops what it has started, and rejects with the
   * reason of the signal.
   */
  signal: AbortSignal
  /**
   * Called with the configured key before the next step, which may fail. A new key can be shown
   * only then.
   */
  onKey: (key: ConfiguredKey) => void
}

/**
 * Starts a server. It reserves the address first, so that a start whose address is in use changes
 * nothing that other servers use. If a step fails, it stops what it has started and throws the
 * error of that step.
 */
export async function serve(config: Config, { log, signal, onKey }: Start): Promise<ServerHandle> {
  const address = await reserve(config)
  let stop = () => address.release()
  try {
    const background = backgroundLog(log)
    const database = await openConfigured(config, background)
    stop = after(stop, database.stop)
    const clock = config.testClock ? offsetClock(systemClock) : null
    const { connection, clusterDir } = database
    const app = await createApp({
      config,
      connection,
      ...(clusterDir !== null && { heavyReads: HEAVY_READS_BESIDE_DATABASE }),
      clock: clock ?? systemClock,
      log: background,
      origin: systemOrigin('serve'),
      signal,
    })
    stop = after(app.db.close, stop)
    await sealStoredSecrets(app)
    const environment = await ensureDefaultEnvironment(app)
    onKey(await ensureConfiguredKey(app, environment))
    const bursar = await createBursar({ app, connection, log, clock })
    const stopKeyUses = bursar.authenticator.keyUses.start()
    stop = after(() => stopKeyUses().finally(bursar.close), database.stop)
    await address.handOver(bursar.server)
    log.info({ url: address.url }, 'listening')
    const makeCode = async () => (await makeSignInCode(app, environment, 'full-access')).text
    return { url: address.url, clusterDir, makeSignInCode: makeCode, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Returns a function that calls both, one after the other, even if the first one fails. */
const after =
  (first: () => Promise<void>, then: () => Promise<void>): (() => Promise<void>) =>
  () =>
    first().finally(then)

/** Why the server cannot listen on an address, by the error code of the system. */
const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program already listens on it',
  EACCES: 'this user may not listen on it',
  EADDRNOTAVAIL: 'the host is not an address of this machine',
  ENOTFOUND: 'the host is not known',
}

async function reserve({ host, port }: Config): Promise<ReservedAddress> {
  try {
    return await reserveAddress({ host, port })
  } catch (error) {
    const problem = LISTEN_PROBLEMS[(error as NodeJS.ErrnoException).code ?? '']
    if (problem === undefined) throw error
    const sentence = `cannot listen on ${host}, port ${port}: ${problem}`
    throw new ConfigError(`${sentence}; BURSAR_HOST and BURSAR_PORT choose another`)
  }
}
