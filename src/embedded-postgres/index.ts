import { realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type BinaryPackage, packagedBinaries, runnableBinaries } from './binaries.ts'
import { checkVersion, createCluster } from './cluster.ts'
import { LOCK, openDataDir } from './data-dir.ts'
import { clusterOf, isCluster, type Location, locate, openHome } from './location.ts'
import { isLocked, type Release, takeLock } from './lock.ts'
import { acceptsConnections, type Connection } from './probe.ts'
import { clearLeftOvers, isPostmaster, readPidFile } from './processes.ts'
import type { EmbeddedLog } from './server-log.ts'
import { DATABASE, flagsOf, PORT, ROLE, writeSettings } from './settings.ts'
import { openSocketDir } from './socket-dir.ts'
import { EmbeddedStartError } from './start-errors.ts'
import { recordedHome, writeRecord } from './state-file.ts'
import { Supervisor } from './supervise.ts'
import { isInside } from './user.ts'

export type { EmbeddedLog } from './server-log.ts'
export { readStateFile } from './state-file.ts'
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
  const { log } = options
  const packaged = packagedBinaries()
  const dataDir = openDataDir(options.dataDir)
  const undo: (() => void)[] = [lockOrRefuse(join(dataDir, LOCK), dataDir)]
  const leave = () => {
    for (const each of undo.splice(0).reverse()) each()
  }
  try {
    const location = locate(dataDir)
    // Two data directories may name one cluster when one was copied from the other.
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
      stop: () => supervisor.stop().finally(leave),
    }
  } catch (error) {
    leave()
    throw asSentence(error, dataDir)
  }
}

/** Starts on a home that is this process's alone, and makes the cluster when there is none. */
async function startOn(place: {
  location: Location
  socketDir: string
  dataDir: string
  packaged: BinaryPackage
  log: EmbeddedLog
}): Promise<Supervisor> {
  const { location, socketDir, dataDir, packaged, log } = place
  const { home, clusterDir, user } = location
  const found = await clearLeftOvers(clusterDir, socketDir)
  if (found > 0) log.warn({ processes: found }, 'a left-over embedded database was stopped')
  const binaries = runnableBinaries(packaged, user, location.binariesParent)
  if (!isCluster(clusterDir)) {
    writeRecord(dataDir, { home, isComplete: false })
    await createCluster(location, binaries)
  }
  checkVersion(location, packaged.major)
  writeRecord(dataDir, { home, isComplete: true })
  writeSettings(location)
  const flags = flagsOf(location, socketDir)
  const connection = connectionAt(socketDir)
  return Supervisor.start({ binaries, flags, clusterDir, user, connection, log })
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

/** By what the running database itself wrote down, or null when it does not run. */
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

/** What the file system refuses (no room, no right) is a matter for the operator, not a defect. */
function asSentence(error: unknown, dataDir: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof EmbeddedStartError || typeof code !== 'string') return error
  const reason = code === 'ENOSPC' ? 'there is no room left on the disk' : message
  return new EmbeddedStartError(`The database in ${dataDir} cannot be prepared (${reason}).`, {
    cause: error as Error,
  })
}
