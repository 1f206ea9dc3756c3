/**
 * The state of one kind of similar log lines: the current gap, when the next line may be written,
 * the line that waits until then, and how many lines it stands for.
 */
type Kind<Line> = { gapMs: number; nextAt: number; held: Line | null; count: number }

/** The minimum time between two lines of one kind, in milliseconds. */
export type Gaps = {
  readonly first: number
  /** The gap doubles up to this while lines keep coming. */
  readonly last: number
}

/** Limits how often similar log lines are written. `now` is any monotonic clock in milliseconds. */
export type RepeatedLines<Line> = {
  /**
   * Returns whether to write the line now. If not, the line waits and replaces an earlier waiting
   * line.
   */
  offer(kind: string, line: Line, now: number): boolean
  /** Returns the lines that have waited long enough, and how many lines each stands for. */
  due(now: number): { line: Line; count: number }[]
  isEmpty(): boolean
}

/** The maximum number of kinds that are distinguished. All others count as one more kind. */
const KINDS = 100
/** A kind without lines for this long, in milliseconds, starts again with the first gap. */
const SILENCE_MS = 10_000

/** The first line of a kind is written at once, and after that one line per gap. */
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
