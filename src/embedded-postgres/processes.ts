import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** The content of `postmaster.pid`. The process may have ended. */
export type PidFile = { pid: number; port: number; socketDir: string; ready: boolean }

/** How long a left-over database may take to stop cleanly, and then after each harder signal. */
const CLEAN_STOP_MS = 20_000
const HARD_STOP_MS = 5_000
/** How long children may take to notice that their postmaster has ended. */
const ORPHAN_MS = 1_000
const POLL_MS = 10

/**
 * Returns the `cluster_name`, which is in the titles of the processes, as in
 * "postgres: bursar-<hash>: checkpointer".
 */
export function clusterName(clusterDir: string): string {
  return `bursar-${createHash('sha256').update(clusterDir).digest('hex').slice(0, 16)}`
}

/** Reads `postmaster.pid`. Returns null if it is missing or incomplete. */
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

/** Returns whether the process is the postmaster of this cluster. False if it is not visible. */
export function isPostmaster(pid: number, clusterDir: string): boolean {
  const title = titleOf(pid)
  return title !== null && isPostmasterTitle(title, clusterDir)
}

/**
 * Stops the processes of a cluster whose server or postmaster was killed, and removes their lock
 * files. Returns how many processes it found. The cluster's lock must be held. A postmaster is
 * stopped cleanly. Children without a postmaster have 1 s to notice that and are then killed. This
 * loses no data, because the write-ahead log is replayed.
 */
export async function stopLeftovers(clusterDir: string, socketDir: string): Promise<number> {
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

/** Waits until a process has ended. Returns false if it still runs after `timeoutMs`. */
async function isGoneWithin(pid: number, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs
  while (titleOf(pid)) {
    if (performance.now() > end) return false
    await delay(POLL_MS)
  }
  return true
}

/** Returns the pids of all processes of the cluster, including the postmaster. */
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
 * Returns the command line of a process, with a NUL after each word. Empty for a zombie, null if
 * the process has ended or is hidden. `/proc/<pid>/cwd` would be simpler, but root in a container
 * may not be allowed to read it.
 */
function titleOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return null
  }
}

/**
 * The pid in a lock file may belong to another program by now, especially in a restarted container.
 * PostgreSQL would then refuse to start. The files are kept if the process is hidden, because then
 * it may be the postmaster.
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
