import { readdirSync, readFileSync } from 'node:fs'

/** Memory in megabytes of 10^6 bytes. */
export type Memory = {
  /** The resident memory of the server process. */
  readonly serverMb: number
  /** The memory of all PostgreSQL processes. Shared pages count once. */
  readonly postgresMb: number
}

/** Returns the memory of a server process and of the database processes below it. Linux only. */
export function memoryOf(serverPid: number): Memory {
  const below = descendants(serverPid)
  return {
    serverMb: residentMb(serverPid),
    postgresMb: below.reduce((sum, pid) => sum + kilobytes(pid, 'smaps_rollup', 'Pss'), 0) / 1000,
  }
}

/** Returns the resident memory of a process, in megabytes of 10^6 bytes. */
export const residentMb = (pid: number): number => kilobytes(pid, 'status', 'VmRSS') / 1000

function kilobytes(pid: number, file: string, field: string): number {
  const text = readFileSync(`/proc/${pid}/${file}`, 'utf8')
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
  if (found === undefined) throw new Error(`/proc/${pid}/${file} has no ${field}`)
  // The kernel's kB are 1024 bytes.
  return (Number(found) * 1024) / 1000
}

/** The kernel's unit of processor time: 1/100 s on all current Linux systems. */
const TICK_MS = 10

/** Returns the processor time of a process in milliseconds, in user and system mode. */
export function processorMs(pid: number): number {
  const [user, system] = statOf(pid).slice(11, 13)
  return (Number(user) + Number(system)) * TICK_MS
}

/** Returns the processor time of each process below one. Omits those that end meanwhile. */
export const processorMsBelow = (pid: number): ReadonlyMap<number, number> =>
  new Map(
    descendants(pid).flatMap((below): [number, number][] => {
      try {
        return [[below, processorMs(below)]]
      } catch {
        return []
      }
    }),
  )

/** Returns the processor time used in between. Omits processes that started or ended. */
export const spentMs = (
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): number => [...after].reduce((sum, [pid, used]) => sum + used - (before.get(pid) ?? used), 0)

/** Returns the fields from the third (the state) on. The name before may contain any character. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function descendants(pid: number): number[] {
  const children = parents().filter(({ parent }) => parent === pid)
  return children.flatMap((child) => [child.pid, ...descendants(child.pid)])
}

function parents(): { pid: number; parent: number }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = Number(statOf(Number(name))[1])
        return [{ pid: Number(name), parent }]
      } catch {
        return []
      }
    })
}
