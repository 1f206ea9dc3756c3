/** Lines that are alike: what they are, when the next may be written, and what waits until then. */
type Kind<Line> = { gapMs: number; nextAt: number; held: Line | null; count: number }

/** How often lines of one kind are written, in milliseconds. */
export type Gaps = {
  readonly first: number
  /** What the gap grows to, by doubling, while lines keep coming. */
  readonly last: number
}

/** Thins out what repeats. `now` is any clock in milliseconds that never goes back. */
export type RepeatedLines<Line> = {
  /** Whether the line is to be written now; else it is held, in place of one held before. */
  offer(kind: string, line: Line, now: number): boolean
  /** What has been held for long enough, and for how many lines each stands. */
  due(now: number): { line: Line; count: number }[]
  isEmpty(): boolean
}

/** Kinds that are told apart; what is beyond counts as one more kind. */
const KINDS = 100
/** Whatever has been silent for this long begins anew, in milliseconds. */
const SILENCE_MS = 10_000

/** The first line of a kind is written at once, and after it one for each gap. */
export function createRepeatedLines<Line>(gaps: Gaps): RepeatedLines<Line> {
  const kinds = new Map<string, Kind<Line>>()
  return {
    offer: (name, line, now) => {
      const key = kinds.has(name) || kinds.size < KINDS ? name : ''
      const kind = kinds.get(key)
      if (kind === undefined) {
        kinds.set(key, { gapMs: gaps.first, nextAt: now + gaps.first, held: null, count: 0 })
        return true
      }
      if (now >= kind.nextAt && kind.held === null) {
        spread(kind, gaps, now)
        return true
      }
      kind.held = line
      kind.count += 1
      return false
    },
    due: (now) => {
      const lines: { line: Line; count: number }[] = []
      for (const [key, kind] of kinds) {
        const { held: line, count } = kind
        if (line !== null && now >= kind.nextAt) {
          lines.push({ line, count })
          spread(kind, gaps, now)
        } else if (line === null && now >= kind.nextAt + SILENCE_MS) kinds.delete(key)
      }
      return lines
    },
    isEmpty: () => kinds.size === 0,
  }
}

function spread<Line>(kind: Kind<Line>, gaps: Gaps, now: number): void {
  kind.gapMs = Math.min(kind.gapMs * 2, gaps.last)
  kind.nextAt = now + kind.gapMs
  kind.held = null
  kind.count = 0
}
