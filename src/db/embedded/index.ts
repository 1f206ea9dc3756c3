import { realpathSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { packagedBinaries, runnableBinaries } from './binaries.ts'
import { checkVersion, createCluster, hasCluster } from './cluster.ts'
import { acceptsConnections, type Connection } from './knock.ts'
import { LOCK, type Location, locate, openDataDir, recordedHome, recordHome } from './location.ts'
import { isLocked, type Release, takeLock } from './lock.ts'
import { clearLeftOvers, isPostmaster, readPidFile } from './processes.ts'
import { EmbeddedStartError } from './sentences.ts'
import type { EmbeddedLog } from './server-log.ts'
import { DATABASE, flagsOf, PORT, ROLE, writeSettings } from './settings.ts'
import { openSocketDir } from './socket-dir.ts'
import { Supervisor } from './supervise.ts'

export type { EmbeddedLog } from './server-log.ts'
export { EmbeddedStartError }

export type EmbeddedDatabase = {
  /** What `pg` needs; `host` is the directory of the socket. */
  connection: Connection
  /** Where the cluster really lives, for the start line and `doctor`. */
  clusterDir: string
  /** Resolves when the database accepts connections, after a crash too; rejects once stopped. */
  ready(): Promise<void>
  /** Stops the database cleanly and gives the data directory free. Idempotent. */
  stop(): Promise<void>
}

/** How long `findRunning` waits for a database that is being started, in milliseconds. */
const STARTING_MS = 15_000
const POLL_MS = 50

/**
 * Starts the embedded PostgreSQL of a data directory, which is made on the first start, and keeps
 * it running until `stop`. Throws an `EmbeddedStartError` when that cannot be.
 */
export async function startEmbedded(options: {
  dataDir: string
  log: EmbeddedLog
}): Promise<EmbeddedDatabase> {
  const packaged = packagedBinaries()
  const dataDir = openDataDir(options.dataDir)
  const locks: Release[] = [lockOrRefuse(join(dataDir, LOCK), dataDir)]
  const release = () => {
    for (const each of locks) each()
  }
  try {
    const location = locate(dataDir)
    // Two data directories may name one cluster when one was copied from the other.
    if (location.outsideLock) locks.push(lockOrRefuse(location.outsideLock, dataDir))
    const socketDir = openSocketDir(location)
    const found = await clearLeftOvers(location.clusterDir, socketDir)
    if (found > 0) options.log.warn({ found }, 'a left-over embedded database was stopped')
    const binaries = runnableBinaries(packaged, location.user, location.binariesParent)
    if (!hasCluster(location)) await createCluster(location, binaries)
    checkVersion(location, packaged.major)
    recordHome(dataDir, location.home)
    writeSettings(location)
    const connection = { host: socketDir, port: PORT, user: ROLE, database: DATABASE }
    const { clusterDir, user } = location
    const flags = flagsOf(location, socketDir)
    const { log } = options
    const supervisor = await Supervisor.start({
      binaries,
      flags,
      clusterDir,
      user,
      connection,
      log,
    })
    return {
      connection,
      clusterDir,
      ready: () => supervisor.ready(),
      stop: async () => {
        await supervisor.stop()
        removeShortSocketDir(location, socketDir)
        release()
      },
    }
  } catch (error) {
    release()
    throw asSentence(error, dataDir)
  }
}

/**
 * The connection to the database of the server (or command) that has this data directory open, or
 * null when none has. Waits, for 15 s at most, for one that is just starting.
 */
export async function findRunning(dataDir: string): Promise<Connection | null> {
  const end = performance.now() + STARTING_MS
  while (performance.now() < end) {
    const path = realPathOrNull(dataDir)
    if (!path || !isLocked(join(path, LOCK))) return null
    const connection = connectionOf(path)
    if (connection && (await acceptsConnections(connection).catch(() => false))) return connection
    await delay(POLL_MS)
  }
  return null
}

/** The `DATABASE_URL` by which another server on this machine uses an embedded database. */
export function databaseUrl(connection: Connection): string {
  return `postgres://${connection.user}@/${connection.database}?host=${encodeURIComponent(connection.host)}`
}

function lockOrRefuse(path: string, dataDir: string): Release {
  const release = takeLock(path)
  if (release) return release
  const connection = connectionOf(dataDir)
  throw new EmbeddedStartError(
    `The data directory ${dataDir} is in use by another Bursar.${
      connection ? ` To share its database, set DATABASE_URL=${databaseUrl(connection)}.` : ''
    }`,
  )
}

function connectionOf(dataDir: string): Connection | null {
  const home = recordedHome(dataDir)
  const clusterDir = home && join(home, 'cluster')
  const pidFile = clusterDir ? readPidFile(clusterDir) : null
  if (!clusterDir || !pidFile || !isPostmaster(pidFile.pid, clusterDir)) return null
  return { host: pidFile.socketDir, port: pidFile.port, user: ROLE, database: DATABASE }
}

function realPathOrNull(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    return null
  }
}

function removeShortSocketDir(location: Location, socketDir: string): void {
  if (!relative(location.home, socketDir).startsWith('..')) return
  rmSync(socketDir, { recursive: true, force: true })
}

/** What the file system refuses (no room, no right) is a matter for the operator, not a defect. */
function asSentence(error: unknown, dataDir: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof EmbeddedStartError || typeof code !== 'string') return error
  const reason = code === 'ENOSPC' ? 'there is no room left on the disk' : message
  return new EmbeddedStartError(`The database in ${dataDir} cannot be prepared (${reason}).`, {
    cause: error as Error,
  })
}
