import { readFileSync } from 'node:fs'

/** Descriptors that a server needs beside those of connections and of its pool. */
const OTHERS = 100

/** How many descriptors this process may have open; null where the system does not say. */
function openFilesLimit(): number | null {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
    return soft === undefined ? null : Number(soft)
  } catch {
    return null
  }
}

/** As many of `wanted` connections as leave descriptors for the database and files. */
export function connectionsWithin(
  wanted: number,
  { poolSize, limit = openFilesLimit() }: { poolSize: number; limit?: number | null },
): number {
  return limit === null ? wanted : Math.max(1, Math.min(wanted, limit - poolSize - OTHERS))
}
