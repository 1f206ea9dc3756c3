import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clusterName, readPidFile } from '../../src/embedded-postgres/processes.ts'
import { recordedHome } from '../../src/embedded-postgres/state-file.ts'

export type Seen = { pid: number; title: string }

/** Returns the cluster of a data directory, also before its first start is complete. */
export const clusterDirOf = (dataDir: string): string =>
  join(recordedHome(dataDir) ?? join(dataDir, 'postgres'), 'cluster')

/** Returns the pid of the postmaster, or null while it does not accept connections. */
export function postmasterOf(dataDir: string): number | null {
  const pidFile = readPidFile(clusterDirOf(dataDir))
  return pidFile?.ready ? pidFile.pid : null
}

/**
 * Returns all processes that work on a data directory. These are the processes that have its path
 * in their command line or environment (npm, the bootstrap, the server, `initdb`, `postgres`), and
 * the database's children, which have only the cluster's name in their title. Zombies are left out.
 */
export function processesOn(dataDir: string): Seen[] {
  const child = `postgres: ${clusterName(clusterDirOf(dataDir))}: `
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), title: read(name, 'cmdline') }))
    .filter(({ pid, title }) => {
      const isIts = title.includes(dataDir) || title.startsWith(child)
      return title !== '' && (isIts || read(String(pid), 'environ').includes(dataDir))
    })
}

/** Returns an empty text if the process has ended, or if this user may not read the file. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}
