import type { Uuid } from '../../kernel/ids.ts'
import type { Peer } from './store.ts'

/** Which packages each package names. */
export type Links = ReadonlyMap<Uuid, readonly Uuid[]>

/** Returns the links of one kind. Those of a draft and of a latest version count together. */
export function linksBy(rows: readonly Peer[], named: (row: Peer) => readonly Uuid[]): Links {
  const links = new Map<Uuid, readonly Uuid[]>()
  for (const row of rows) links.set(row.key, [...(links.get(row.key) ?? []), ...named(row)])
  return links
}

/** Returns whether `to` is one of the packages `from`, or among those that they lead to. */
export function leadsTo(links: Links, from: readonly Uuid[], to: Uuid): boolean {
  const seen = new Set<Uuid>()
  const open = [...from]
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (key === to) return true
    if (!seen.has(key)) open.push(...(links.get(key) ?? []))
    seen.add(key)
  }
  return false
}

/** Returns the length of the longest chain of links. There must be no cycle. */
export function longestChain(links: Links): number {
  const lengths = new Map<Uuid, number>()
  const lengthFrom = (key: Uuid): number => {
    const known = lengths.get(key)
    if (known !== undefined) return known
    const length = Math.max(0, ...(links.get(key) ?? []).map((next) => 1 + lengthFrom(next)))
    lengths.set(key, length)
    return length
  }
  return Math.max(0, ...[...links.keys()].map(lengthFrom))
}
