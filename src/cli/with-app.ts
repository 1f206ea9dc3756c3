import { constants, userInfo } from 'node:os'
import { type Environment, ensureDefaultEnvironment, findEnvironment } from '../access/index.ts'
import type { App } from '../app.ts'
import { type Config, readConfig } from '../config.ts'
import { type Connection, MigrationError } from '../db/index.ts'
import { findRunning } from '../embedded-postgres/index.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Origin } from '../kernel/origin.ts'
import { createLog } from '../log.ts'
import { createApp, openConfigured } from '../main.ts'
import { CommandError } from './command.ts'
import { readSchemaState, withReader } from './schema-state.ts'

/** The database that a command works on. */
export type CommandDatabase = {
  connection: Connection
  /**
   * `running`: that of a server that has the data directory open; `started`: the embedded one, for
   * this command alone; `url`: that of `DATABASE_URL`.
   */
  place: 'running' | 'started' | 'url'
}

export const commandConfig = (): Config => ({
  ...readConfig(process.env, process.cwd()),
  logLevel: 'warn',
})

/** Finds or starts the configured database, and stops what it has started. */
export async function withDatabase<T>(
  config: Config,
  work: (database: CommandDatabase) => Promise<T>,
): Promise<T> {
  const running = config.databaseUrl === null ? await findRunning(config.dataDir) : null
  if (running !== null) return work({ connection: running, place: 'running' })
  const place = config.databaseUrl === null ? 'started' : 'url'
  return withOpened(config, (connection) => work({ connection, place }))
}

/** Opens the configured database, for a data directory that no server has open. */
export async function withOpened<T>(
  config: Config,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const opened = await openConfigured(config, createLog(config))
  const unhook = stopOnSignal(opened.stop)
  try {
    return await work(opened.connection)
  } finally {
    await opened.stop()
    unhook()
  }
}

/**
 * Runs a command on the application. The default environment is there, unless the command only
 * reads: then it works on a standby, too. `statementTimeoutMs`: for one that reads more than any
 * request.
 */
export function withApp<T>(
  work: (app: App) => Promise<T>,
  { reads = false, ...patience }: { reads?: boolean; statementTimeoutMs?: number } = {},
): Promise<T> {
  const config = commandConfig()
  return withDatabase(config, async (database) => {
    await refuseForeignSchema(database)
    const { connection } = database
    const log = createLog(config)
    const origin = commandOrigin()
    const clock = systemClock
    const opening = { config, connection, clock, log, origin, onlyReads: reads, ...patience }
    const app = await createApp(opening)
    try {
      if (!reads) await ensureDefaultEnvironment(app)
      return await work(app)
    } finally {
      await app.db.close()
    }
  })
}

/** What a command changes is written down under the name of who ran it on this machine. */
function commandOrigin(): Origin {
  const operation = `bursar ${process.argv[2] ?? ''}`
  return { actor: { kind: 'CLI', id: userName() }, operation, traceId: null, requestDigest: null }
}

/** A user without an entry in the machine's list has a number only. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}

/** The environment of an `--environment` option. */
export async function requireEnvironment(app: App, id: string): Promise<Environment> {
  const environment = await findEnvironment(app.db.read, id)
  if (environment === null)
    throw new CommandError(`environment ${id} not found: bursar environment list shows them`)
  return environment
}

/**
 * A command does not migrate under a server of an older version, which would then work on a schema
 * that it does not know; `bursar migrate` does. An empty database, or one that this command alone
 * has open, is brought up to date.
 */
async function refuseForeignSchema({ connection, place }: CommandDatabase): Promise<void> {
  if (place === 'started') return
  const { applied, pending } = await withReader(connection, readSchemaState)
  if (applied.length === 0 || pending.length === 0) return
  throw new MigrationError(
    `the database is of an older Bursar (missing: ${pending.join(', ')}): ${
      place === 'running' ? 'restart the server with this version' : 'run bursar migrate'
    } first`,
  )
}

/** A terminal's Ctrl-C arrives twice, from it and from the bootstrap: the first one counts. */
function stopOnSignal(stop: () => Promise<void>): () => void {
  let heard = false
  const leave = (signal: NodeJS.Signals) => {
    if (heard) return
    heard = true
    void stop().finally(() => process.exit(128 + constants.signals[signal]))
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, leave)
  return () => {
    for (const signal of signals) process.off(signal, leave)
  }
}
