import { aligned } from '../aligned.ts'
import { median, type Spread, spreadOf } from '../statistics.ts'
import type { Half, Scenario } from '../types.ts'

/** The lowest acceptable ratio. Smaller changes cannot be distinguished from noise. */
const MIN_RATIO = 0.95

type Figures = { readonly perSecond: number; readonly cpuMs: number; readonly p99Ms: number | null }

export type Row = Pick<Scenario, 'name' | 'title' | 'connections'> & {
  readonly now: Figures
  readonly before: Figures
  /** The rate of this checkout divided by that of the earlier commit, per round. */
  readonly ratio: Spread
  /** How many bytes of WAL a use writes, without page images. Null if the scenario writes none. */
  readonly wal: { readonly now: number; readonly before: number } | null
  /** Whether it is as fast as before: the median is at least 95 %, or one round reached 100 %. */
  readonly kept: boolean
}

export type AgainstReport = {
  readonly date: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly pairs: number
  readonly seconds: number
  readonly commits: readonly Comparison[]
}

/** The scenarios that an earlier commit has, too. */
export type Comparison = { readonly commit: string; readonly rows: readonly Row[] }

export function rowOf(
  scenario: Pick<Scenario, 'name' | 'title' | 'connections'>,
  rounds: readonly { now: Half; before: Half }[],
  wal: Row['wal'],
): Row {
  const ratio = spreadOf(rounds.map(({ now, before }) => now.perSecond / before.perSecond))
  return {
    ...scenario,
    now: figuresOf(rounds.map(({ now }) => now)),
    before: figuresOf(rounds.map(({ before }) => before)),
    ratio,
    wal,
    kept: ratio.median >= MIN_RATIO || ratio.max >= 1,
  }
}

const figuresOf = (halves: readonly Half[]): Figures => {
  const tails = halves.flatMap(({ p99Ms }) => p99Ms ?? [])
  return {
    perSecond: median(halves.map(({ perSecond }) => perSecond)),
    cpuMs: median(halves.map(({ cpuMs }) => cpuMs)),
    p99Ms: tails.length === 0 ? null : median(tails),
  }
}

/** Returns the report as aligned text, one table for each earlier commit. */
export const textOf = ({ pairs, seconds, commits }: AgainstReport): string =>
  commits
    .flatMap(({ commit, rows }) => [
      `this checkout beside ${commit.slice(0, 10)}: medians of ${pairs} rounds, ` +
        `${seconds} s a side; % = the rate now by the rate before (least–most)`,
      ...aligned([
        [
          ...['', 'conn.', 'now/s', 'CPU µs', 'p99 ms', 'before/s', 'CPU µs', 'p99 ms', '%', ''],
          ...['WAL B', 'before', '%'],
        ],
        ...rows.map(({ title, connections, now, before, ratio, wal, kept }) => [
          title,
          String(connections),
          ...cellsOf(now),
          ...cellsOf(before),
          `${percent(ratio.median)} (${percent(ratio.min)}–${percent(ratio.max)})`,
          kept ? 'kept' : 'SLOWER',
          ...(wal === null
            ? ['', '', '']
            : [wal.now.toFixed(0), wal.before.toFixed(0), percent(wal.now / wal.before)]),
        ]),
      ]),
      '',
    ])
    .join('\n')

const cellsOf = ({ perSecond, cpuMs, p99Ms }: Figures): string[] => [
  perSecond.toFixed(0),
  (cpuMs * 1000).toFixed(0),
  p99Ms?.toFixed(0) ?? '',
]

const percent = (ratio: number): string => (ratio * 100).toFixed(0)
