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
import type { Release, Terminal } from './terminal.ts'

/** The database of a command. */
export type CommandDatabase = {
  connection: Connection
  /**
   * `running`: the database of a server that has the data directory open. `started`: the embedded
   * database, started for this command only. `url`: the database of `DATABASE_URL`.
   */
  place: 'running' | 'started' | 'url'
}

export const commandConfig = ({ env, cwd }: Terminal): Config => ({
  ...readConfig(env, cwd),
  logLevel: 'warn',
})

/** Runs `work` on the configured database. If it is started for this, it is stopped afterwards. */
export async function withDatabase<T>(
  terminal: Terminal,
  config: Config,
  work: (database: CommandDatabase) => Promise<T>,
): Promise<T> {
  const running = config.databaseUrl === null ? await findRunning(config.dataDir) : null
  if (running !== null) return work({ connection: running, place: 'running' })
  const place = config.databaseUrl === null ? 'started' : 'url'
  return withConfiguredDatabase(terminal, config, (connection) => work({ connection, place }))
}

/** Like `withDatabase`, but no server may have the data directory open. */
export async function withConfiguredDatabase<T>(
  terminal: Terminal,
  config: Config,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const opened = await openConfigured(config, createLog(config, terminal.screen))
  const release = stopOnSignal(terminal, opened.stop)
  try {
    return await work(opened.connection)
  } finally {
    await opened.stop()
    release()
  }
}

/**
 * Runs a command on the application. Creates the default environment if it is missing, unless the
 * command only reads. A command that only reads also works on a standby. `statementTimeoutMs` is
 * for commands that read more than any request.
 */
export function withApp<T>(
  terminal: Terminal,
  work: (app: App) => Promise<T>,
  { reads = false, ...timeout }: { reads?: boolean; statementTimeoutMs?: number } = {},
): Promise<T> {
  const config = commandConfig(terminal)
  return withDatabase(terminal, config, async (database) => {
    await refuseForeignSchema(database)
    const { connection } = database
    const log = createLog(config, terminal.screen)
    const origin = commandOrigin(terminal)
    const clock = systemClock
    const opening = { config, connection, clock, log, origin, onlyReads: reads, ...timeout }
    const app = await createApp(opening)
    try {
      if (!reads) await ensureDefaultEnvironment(app)
      return await work(app)
    } finally {
      await app.db.close()
    }
  })
}

/** The event log contains the name of the user who ran the command on this machine. */
function commandOrigin({ argv }: Terminal): Origin {
  const operation = `bursar ${argv[0] ?? ''}`
  return { actor: { kind: 'CLI', id: userName() }, operation, traceId: null, requestDigest: null }
}

/** Returns the user's number if `/etc/passwd` does not contain the user. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}

/** Returns the environment of an `--environment` option. Throws a `CommandError` if not found. */
export async function requireEnvironment(app: App, id: string): Promise<Environment> {
  const environment = await findEnvironment(app.db.read, id)
  if (environment === null)
    throw new CommandError(`environment ${id} not found: bursar environment list shows them`)
  return environment
}

/**
 * Throws a `MigrationError` if the schema is of an older version and a server may be using it. Only
 * `bursar migrate` migrates then, because a server of the older version may not work with the new
 * schema. An empty database, and one that only this command has open, are migrated.
 */
async function refuseForeignSchema({ connection, place }: CommandDatabase): Promise<void> {
  if (place === 'started') return
  const { applied, pending } = await withReader(connection, readSchemaState)
  if (applied.length === 0 || pending.length === 0) return
  throw new MigrationError(
    `the database was migrated by an older Bursar (missing: ${pending.join(', ')}): ${
      place === 'running' ? 'restart the server with this version' : 'run bursar migrate'
    } first`,
  )
}

/**
 * Stops the database and exits on a signal. Returns a function that ends this. Only the first
 * signal counts, because in a terminal Ctrl-C arrives twice: from the terminal and from the
 * bootstrap.
 */
function stopOnSignal({ onSignal, exit }: Terminal, stop: () => Promise<void>): Release {
  let isStopping = false
  return onSignal((signal) => {
    if (isStopping) return
    isStopping = true
    void stop().finally(() => exit(128 + constants.signals[signal]))
  })
}
