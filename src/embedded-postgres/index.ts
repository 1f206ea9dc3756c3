import { realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type BinaryPackage, packagedBinaries, runnableBinaries } from './binaries.ts'
import { checkVersion, createCluster } from './cluster.ts'
import { LOCK, openDataDir } from './data-dir.ts'
import { clusterOf, isCluster, type Location, locate, openHome } from './location.ts'
import { isLocked, type Release, takeLock } from './lock.ts'
import { acceptsConnections, type Connection } from './probe.ts'
import { isPostmaster, readPidFile, stopLeftovers } from './processes.ts'
import type { EmbeddedLog } from './server-log.ts'
import { DATABASE, flagsOf, PORT, ROLE, writeSettings } from './settings.ts'
import { openSocketDir } from './socket-dir.ts'
import { EmbeddedStartError } from './start-errors.ts'
import { recordedHome, writeStateFile } from './state-file.ts'
import { Supervisor } from './supervise.ts'
import { isInside } from './user.ts'

export type { EmbeddedLog } from './server-log.ts'
export { readStateFile } from './state-file.ts'
export { EmbeddedStartError }

export type EmbeddedDatabase = {
  /** The options for `pg`. `host` is the directory of the socket. */
  connection: Connection
  /** The directory of the cluster, for the start line and `doctor`. */
  clusterDir: string
  /** Resolves when the database accepts connections, also after a crash. Rejects once stopped. */
  ready(): Promise<void>
  /** Stops the database cleanly and unlocks the data directory. Idempotent. */
  stop(): Promise<void>
}

/** How long `findRunning` waits for a database that is starting, in milliseconds. */
const STARTING_MS = 15_000
const POLL_MS = 50

/**
 * Starts the embedded PostgreSQL of a data directory and restarts it after crashes until `stop`.
 * The first start creates the directory and the cluster. Throws an `EmbeddedStartError` if the
 * database cannot be started.
 */
export async function startEmbedded(options: {
  dataDir: string
  log: EmbeddedLog
}): Promise<EmbeddedDatabase> {
  const { log } = options
  const packaged = packagedBinaries()
  const dataDir = openDataDir(options.dataDir)
  const undo: (() => void)[] = [lockOrRefuse(join(dataDir, LOCK), dataDir)]
  const cleanUp = () => {
    for (const each of undo.splice(0).reverse()) each()
  }
  try {
    const location = locate(dataDir)
    // If a data directory was copied, both copies may refer to the same cluster.
    if (location.outsideLock) undo.push(lockOrRefuse(location.outsideLock, dataDir))
    const { movedAside } = openHome(location)
    if (movedAside)
      log.warn({ movedAside }, 'a database of a deleted data directory was moved aside')
    const socketDir = openSocketDir(location)
    undo.push(() => removeShortSocketDir(location, socketDir))
    const supervisor = await startOn({ location, socketDir, dataDir, packaged, log })
    return {
      connection: connectionAt(socketDir),
      clusterDir: location.clusterDir,
      ready: () => supervisor.ready(),
      stop: () => supervisor.stop().finally(cleanUp),
    }
  } catch (error) {
    cleanUp()
    throw startErrorFrom(error, dataDir)
  }
}

/** Starts the database, and creates its cluster if there is none. All locks must be held. */
async function startOn(place: {
  location: Location
  socketDir: string
  dataDir: string
  packaged: BinaryPackage
  log: EmbeddedLog
}): Promise<Supervisor> {
  const { location, socketDir, dataDir, packaged, log } = place
  const { home, clusterDir, user } = location
  const found = await stopLeftovers(clusterDir, socketDir)
  if (found > 0) log.warn({ processes: found }, 'a left-over embedded database was stopped')
  const binaries = runnableBinaries(packaged, user, location.binariesParent)
  if (!isCluster(clusterDir)) {
    writeStateFile(dataDir, { home, isComplete: false })
    await createCluster(location, binaries)
  }
  checkVersion(location, packaged.major)
  writeStateFile(dataDir, { home, isComplete: true })
  writeSettings(location)
  const flags = flagsOf(location, socketDir)
  const connection = connectionAt(socketDir)
  return Supervisor.start({ binaries, flags, clusterDir, user, connection, log })
}

/**
 * Returns the connection to the database of the process that has the data directory open, or null
 * if no process has. Waits up to 15 s for a database that is starting.
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

/** Returns the `DATABASE_URL` with which another server on this machine can use the database. */
export function databaseUrl(connection: Connection): string {
  const host = encodeURIComponent(connection.host)
  return `postgres://${connection.user}@/${connection.database}?host=${host}`
}

function lockOrRefuse(path: string, dataDir: string): Release {
  const release = takeLock(path)
  if (release) return release
  const connection = connectionOf(dataDir)
  throw new EmbeddedStartError(
    `The data directory ${dataDir} is in use by another Bursar.${
      connection ? ` To share its database, set DATABASE_URL="${databaseUrl(connection)}".` : ''
    }`,
  )
}

/** Returns the connection according to the database's pid file, or null if it is not running. */
function connectionOf(dataDir: string): Connection | null {
  const home = recordedHome(dataDir)
  const clusterDir = home ? clusterOf(home) : null
  const pidFile = clusterDir ? readPidFile(clusterDir) : null
  if (!clusterDir || !pidFile || !isPostmaster(pidFile.pid, clusterDir)) return null
  return connectionAt(pidFile.socketDir)
}

function connectionAt(socketDir: string): Connection {
  return { host: socketDir, port: PORT, user: ROLE, database: DATABASE }
}

function realPathOrNull(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    return null
  }
}

function removeShortSocketDir(location: Location, socketDir: string): void {
  if (isInside(socketDir, location.home)) return
  rmSync(socketDir, { recursive: true, force: true })
}

/**
 * Returns an `EmbeddedStartError` for an error of the file system, which the operator can fix, and
 * other errors unchanged.
 */
function startErrorFrom(error: unknown, dataDir: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof EmbeddedStartError || typeof code !== 'string') return error
  const reason = code === 'ENOSPC' ? 'there is no room left on the disk' : message
  return new EmbeddedStartError(`The database in ${dataDir} cannot be prepared (${reason}).`, {
    cause: error as Error,
  })
}
