import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clusterName, readPidFile } from '../../src/embedded-postgres/processes.ts'
import { recordedHome } from '../../src/embedded-postgres/state-file.ts'

export type Seen = { pid: number; title: string }

/** Where the database of a data directory lives, before its first start is complete too. */
export const clusterDirOf = (dataDir: string): string =>
  join(recordedHome(dataDir) ?? join(dataDir, 'postgres'), 'cluster')

/** The pid of the database's main process, or null while it does not accept connections. */
export function postmasterOf(dataDir: string): number | null {
  const pidFile = readPidFile(clusterDirOf(dataDir))
  return pidFile?.ready ? pidFile.pid : null
}

/**
 * Every process that works on a data directory: whoever has its path in its command line or its
 * environment (npm, the bootstrap, the server, `initdb`, `postgres`), and the database's children,
 * whose titles carry the cluster's name only. A process that has ended and was not waited for is
 * none.
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

/** Empty when the process is gone, or is one that this user may not look at. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}
