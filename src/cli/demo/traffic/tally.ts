/** The outcome of a request. */
export type Fate = 'granted' | 'denied' | 'failed'

/** The numbers of requests by outcome, and a histogram of latencies. Its size does not grow. */
export type Tally = Record<Fate, number> & {
  /** The numbers of granted and denied requests by `bucketOf` their latency. */
  latencies: number[]
}

/** The upper ends of the buckets grow by 5 %, from 10 µs to over a minute. */
const FIRST_MS = 0.01
const GROWTH = 1.05
const BUCKETS = 321

export const emptyTally = (): Tally => ({
  granted: 0,
  denied: 0,
  failed: 0,
  latencies: Array.from({ length: BUCKETS }, () => 0),
})

/** Counts one request. The latency of failed requests is ignored. */
export function countOne(tally: Tally, fate: Fate, tookMs: number): void {
  tally[fate] += 1
  if (fate === 'failed') return
  const bucket = bucketOf(tookMs)
  tally.latencies[bucket] = (tally.latencies[bucket] ?? 0) + 1
}

export const answeredIn = ({ granted, denied }: Tally): number => granted + denied
export const endedIn = (tally: Tally): number => answeredIn(tally) + tally.failed

/**
 * Returns a percentile of the latencies in milliseconds, or null if there are none. `part` is 0.99
 * for the 99th percentile. The result is at most 5 % too high and never too low.
 */
export function latencyOf(tally: Tally, part: number): number | null {
  const wanted = Math.ceil(answeredIn(tally) * part)
  if (wanted === 0) return null
  let seen = 0
  const bucket = tally.latencies.findIndex((count) => {
    seen += count
    return seen >= wanted
  })
  return FIRST_MS * GROWTH ** bucket
}

/** Returns the first bucket whose upper end is not below the latency. */
function bucketOf(ms: number): number {
  if (ms <= FIRST_MS) return 0
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / FIRST_MS) / Math.log(GROWTH)))
}

/** How many seconds a recent tally covers. */
const RECENT_SECONDS = 5

/** A tally of the last seconds. Times are milliseconds of a monotonic clock. */
export type RecentTally = {
  countOne(fate: Fate, tookMs: number, nowMs: number): void
  /** Returns the sum, and how many seconds it covers: at least 1. */
  sum(nowMs: number): { tally: Tally; seconds: number }
}

export function recentTally(startMs: number): RecentTally {
  let slices = [{ fromMs: startMs, tally: emptyTally() }]
  const sliceAt = (nowMs: number) => {
    const second = startMs + Math.floor((nowMs - startMs) / 1000) * 1000
    slices = slices.filter(({ fromMs }) => fromMs > second - RECENT_SECONDS * 1000)
    const last = slices.at(-1)
    if (last?.fromMs === second) return last
    const slice = { fromMs: second, tally: emptyTally() }
    slices.push(slice)
    return slice
  }
  return {
    countOne: (fate, tookMs, nowMs) => countOne(sliceAt(nowMs).tally, fate, tookMs),
    sum: (nowMs) => {
      sliceAt(nowMs)
      const sinceMs = Math.max(startMs, slices[0]?.fromMs ?? nowMs)
      const tally = sumOf(slices.map((slice) => slice.tally))
      return { tally, seconds: Math.max(1, (nowMs - sinceMs) / 1000) }
    },
  }
}

function sumOf(tallies: readonly Tally[]): Tally {
  const sum = emptyTally()
  for (const { granted, denied, failed, latencies } of tallies) {
    sum.granted += granted
    sum.denied += denied
    sum.failed += failed
    latencies.forEach((count, bucket) => {
      sum.latencies[bucket] = (sum.latencies[bucket] ?? 0) + count
    })
  }
  return sum
}
