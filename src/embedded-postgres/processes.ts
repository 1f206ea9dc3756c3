import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** What `postmaster.pid` says. The process it names may be long gone. */
export type PidFile = { pid: number; port: number; socketDir: string; ready: boolean }

/** How long a left-over database may take for a clean end, and then for a hard one. */
const CLEAN_STOP_MS = 20_000
const HARD_STOP_MS = 5_000
/** How long children may take to notice that their postmaster is gone. */
const ORPHAN_MS = 1_000
const POLL_MS = 10

/** The name in the titles of a cluster's processes: "postgres: bursar-<hash>: checkpointer". */
export function clusterName(clusterDir: string): string {
  return `bursar-${createHash('sha256').update(clusterDir).digest('hex').slice(0, 16)}`
}

/** Reads `postmaster.pid`; null when it is missing or not complete yet. */
export function readPidFile(clusterDir: string): PidFile | null {
  let lines: string[]
  try {
    lines = readFileSync(join(clusterDir, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return null
  }
  // Lines: pid, data directory, start time, port, socket directory, address, shared memory, status.
  const [pid, , , port, socketDir, , , status] = lines
  if (!pid || !port || !socketDir) return null
  return { pid: Number(pid), port: Number(port), socketDir, ready: status?.trim() === 'ready' }
}

/** Whether the process is the postmaster of this cluster. Needs no right but to see it. */
export function isPostmaster(pid: number, clusterDir: string): boolean {
  const title = titleOf(pid)
  return title !== null && isPostmasterTitle(title, clusterDir)
}

/**
 * Ends what still runs on a cluster after its server or its postmaster was killed, and clears the
 * lock files they left. Call it only while holding the cluster's lock. A postmaster is stopped
 * cleanly; children without one are given a moment to notice, then killed, which loses nothing
 * since the write-ahead log is replayed.
 */
export async function clearLeftOvers(clusterDir: string, socketDir: string): Promise<number> {
  const found = processesOf(clusterDir)
  for (const pid of found.filter((each) => isPostmaster(each, clusterDir))) {
    await endProcess(pid, ['SIGINT', 'SIGQUIT', 'SIGKILL'], CLEAN_STOP_MS)
  }
  for (const pid of processesOf(clusterDir)) {
    if (!(await isGoneWithin(pid, ORPHAN_MS))) await endProcess(pid, ['SIGQUIT', 'SIGKILL'])
  }
  removeStaleFiles(clusterDir, socketDir)
  return found.length
}

async function endProcess(pid: number, signals: NodeJS.Signals[], firstMs = HARD_STOP_MS) {
  for (const [index, signal] of signals.entries()) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    if (await isGoneWithin(pid, index === 0 ? firstMs : HARD_STOP_MS)) return
  }
}

/** Waits until a process is gone; false when it is still there after the time. */
async function isGoneWithin(pid: number, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs
  while (titleOf(pid)) {
    if (performance.now() > end) return false
    await delay(POLL_MS)
  }
  return true
}

/** All processes of the cluster, the postmaster among them. */
function processesOf(clusterDir: string): number[] {
  const childTitle = `postgres: ${clusterName(clusterDir)}: `
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const title = titleOf(pid)
      return title?.startsWith(childTitle) || (title && isPostmasterTitle(title, clusterDir))
    })
}

function isPostmasterTitle(title: string, clusterDir: string): boolean {
  const words = title.split('\0')
  return /(^|\/)postgres$/.test(words[0] ?? '') && words[words.indexOf('-D') + 1] === clusterDir
}

/**
 * The command line of a process, words ended by NUL; empty for a zombie; null when it is gone or
 * hidden. Read instead of `/proc/<pid>/cwd`, which root in a container may not see.
 */
function titleOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return null
  }
}

/**
 * A pid in a lock file may by now belong to another program, above all in a restarted container,
 * and PostgreSQL would then refuse to start. A file stays when its process cannot be judged.
 */
function removeStaleFiles(clusterDir: string, socketDir: string): void {
  const pidFile = readPidFile(clusterDir)
  const pid = pidFile?.pid ?? 0
  if (pid > 0 && (isHidden(pid) || isPostmaster(pid, clusterDir))) return
  rmSync(join(clusterDir, 'postmaster.pid'), { force: true })
  for (const name of ['.s.PGSQL.5432', '.s.PGSQL.5432.lock']) {
    rmSync(join(socketDir, name), { force: true })
  }
}

function isHidden(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return !statSync(`/proc/${pid}`, { throwIfNoEntry: false })
}
