import { readFileSync } from 'node:fs'

/** File descriptors that a server needs besides those of connections and its pool. */
const OTHERS = 100

/** Returns how many descriptors this process may open, or null if the system does not say. */
function openFilesLimit(): number | null {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
    return soft === undefined ? null : Number(soft)
  } catch {
    return null
  }
}

/**
 * Returns how many of the `wanted` connections leave enough descriptors for the database and files.
 */
export function connectionsWithin(
  wanted: number,
  { poolSize, limit = openFilesLimit() }: { poolSize: number; limit?: number | null },
): number {
  return limit === null ? wanted : Math.max(1, Math.min(wanted, limit - poolSize - OTHERS))
}
