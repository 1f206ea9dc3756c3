/** An entity whose children are shown, and its place among its siblings. */
export type OpenParent = { readonly entityId: string; readonly parentId: string | null; at: number }

/** Rows that stand together: children of one parent, one after the other. */
export type Segment = {
  /** The first row, among all. */
  readonly start: number
  readonly length: number
  readonly parentId: string | null
  /** The place of the first row among the children of the parent. */
  readonly at: number
  /** From 1. */
  readonly level: number
}

/** A row that was read, and where it stood. */
export type SeenRow = {
  readonly entityId: string
  readonly parentId: string | null
  readonly at: number
  readonly childCount: number
}

const keyOf = ({ parentId, at }: { parentId: string | null; at: number }): string =>
  `${at} ${parentId ?? ''}`

/**
 * Returns which parents are open after rows were read again: they stay open where they stand now.
 * Those in whose place something else stands, or that have no children any more, are closed.
 * Returns the same list if nothing differs.
 */
export function followOpenings(
  openings: readonly OpenParent[],
  seen: readonly SeenRow[],
): readonly OpenParent[] {
  if (openings.length === 0) return openings
  const rows = new Map(seen.map((row) => [row.entityId, row]))
  const taken = new Set(seen.map(keyOf))
  const next = openings.flatMap((opening): OpenParent[] => {
    const row = rows.get(opening.entityId)
    if (row === undefined) return taken.has(keyOf(opening)) ? [] : [opening]
    if (row.childCount === 0) return []
    const { entityId, parentId, at } = row
    return [keyOf(row) === keyOf(opening) ? opening : { entityId, parentId, at }]
  })
  const isSame = next.length === openings.length && next.every((each, at) => each === openings[at])
  return isSame ? openings : next
}

/** Children of one parent. The roots have the parent null. */
export type Totals = ReadonlyMap<string | null, number>

/**
 * Returns which children stand in which rows. The time depends on how many parents are open, not on
 * the number of rows: a tree of 100,000 entities has a handful of segments.
 */
export function layoutOf(openings: readonly OpenParent[], totals: Totals): Segment[] {
  const segments: Segment[] = []
  let start = 0
  const add = (parentId: string | null, at: number, end: number, level: number) => {
    if (end <= at) return
    segments.push({ start, length: end - at, parentId, at, level })
    start += end - at
  }
  const visit = (parentId: string | null, level: number) => {
    const total = totals.get(parentId) ?? 0
    const own = openings
      .filter((each) => each.parentId === parentId && each.at < total)
      .toSorted((a, b) => a.at - b.at)
    let at = 0
    for (const opening of own) {
      add(parentId, at, opening.at + 1, level)
      at = opening.at + 1
      visit(opening.entityId, level + 1)
    }
    add(parentId, at, total, level)
  }
  visit(null, 1)
  return segments
}

export const rowCountOf = (segments: readonly Segment[]): number => {
  const last = segments.at(-1)
  return last === undefined ? 0 : last.start + last.length
}

export type Place = { parentId: string | null; at: number; level: number }

/** Returns which child stands in a row, or null beyond the last one. */
export function placeOf(segments: readonly Segment[], row: number): Place | null {
  const segment = segments.findLast(({ start }) => start <= row)
  if (segment === undefined || row >= segment.start + segment.length) return null
  const { parentId, level } = segment
  return { parentId, at: segment.at + row - segment.start, level }
}

/** Returns the row of a child, or null if it is not shown. */
export function rowOf(
  segments: readonly Segment[],
  { parentId, at }: { parentId: string | null; at: number },
): number | null {
  const segment = segments.find(
    (each) => each.parentId === parentId && at >= each.at && at < each.at + each.length,
  )
  return segment === undefined ? null : segment.start + at - segment.at
}
