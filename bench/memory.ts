import { readdirSync, readFileSync } from 'node:fs'

/** In megabytes of 10^6 bytes. */
export type Memory = {
  /** Resident memory of the server process alone. */
  readonly serverMb: number
  /** Of all PostgreSQL processes together; pages that they share count once. */
  readonly postgresMb: number
}

/** Reads the memory of a server process and of the database processes below it. Linux only. */
export function memoryOf(serverPid: number): Memory {
  const below = descendants(serverPid)
  return {
    serverMb: kilobytes(serverPid, 'status', 'VmRSS') / 1000,
    postgresMb: below.reduce((sum, pid) => sum + kilobytes(pid, 'smaps_rollup', 'Pss'), 0) / 1000,
  }
}

function kilobytes(pid: number, file: string, field: string): number {
  const text = readFileSync(`/proc/${pid}/${file}`, 'utf8')
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
  if (found === undefined) throw new Error(`/proc/${pid}/${file} has no ${field}`)
  // The kernel's kB are 1024 bytes.
  return (Number(found) * 1024) / 1000
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
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        // The name of the program may hold anything, so that the fields count from its end.
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        return [{ pid: Number(name), parent }]
      } catch {
        return []
      }
    })
}
