import { aligned } from '../aligned.ts'
import { type Lane, LIVENESS, PROBE } from './lanes.ts'
import type { LaneResult } from './load.ts'

export type SoakReport = {
  readonly date: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly minutes: number
  readonly results: readonly LaneResult[]
  /** The resident memory of the server: idle before and after, and the maximum under load. */
  readonly memory: { beforeMb: number; mostMb: number; afterMb: number }
  readonly targets: readonly SoakVerdict[]
}

export type SoakVerdict = {
  readonly name: string
  readonly measured: string
  readonly met: boolean
}

const P99_MS: ReadonlyMap<string, number> = new Map([
  [PROBE, 100],
  [LIVENESS, 250],
])
/** The maximum growth of idle memory. A heap that was large once does not shrink completely. */
const MAX_GROWTH = 1.25

export function verdictsOf(
  { results, memory }: Pick<SoakReport, 'results' | 'memory'>,
  lanes: readonly Lane[],
): SoakVerdict[] {
  const odd = results.flatMap((result) => oddOf(result, lanes))
  const growth = memory.afterMb / memory.beforeMb
  return [
    {
      name: 'no answer but those meant, and 503',
      measured: odd.length === 0 ? 'none' : odd.join(', '),
      met: odd.length === 0,
    },
    ...[...P99_MS].map(([name, most]) => {
      const p99Ms = results.find((result) => result.name === name)?.p99Ms ?? Infinity
      return {
        name: `p99 of ${name} under ${most} ms`,
        measured: `${p99Ms.toFixed(0)} ms`,
        met: p99Ms < most,
      }
    }),
    {
      name: `memory at rest at most ${MAX_GROWTH} × that of before`,
      measured: `${growth.toFixed(2)} ×`,
      met: growth <= MAX_GROWTH,
    },
  ]
}

function oddOf({ name, statuses, cut }: LaneResult, lanes: readonly Lane[]): string[] {
  const lane = lanes.find((each) => each.name === name)
  const known = [503, ...(lane?.expected ?? [])]
  const odd = Object.entries(statuses).filter(([status]) => !known.includes(Number(status)))
  return [
    ...odd.map(([status, count]) => `${name}: ${count} × ${status}`),
    ...(cut > 0 && lane?.mayBeCut !== true ? [`${name}: ${cut} × no answer`] : []),
  ]
}

export const textOf = ({ minutes, results, memory, targets }: SoakReport): string =>
  [
    `${minutes} minutes, heap of 1 GB`,
    ...aligned([
      ['', 'answers', 'cut', 'p50 ms', 'p99 ms', 'most ms'],
      ...results.map(({ name, statuses, cut, p50Ms, p99Ms, maxMs }) => [
        name,
        Object.entries(statuses)
          .map(([status, count]) => `${count} × ${status}`)
          .join(', '),
        String(cut),
        ...[p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1)),
      ]),
    ]),
    '',
    `memory, MB: ${memory.beforeMb.toFixed(0)} at rest, at most ${memory.mostMb.toFixed(0)}, ` +
      `${memory.afterMb.toFixed(0)} at rest again`,
    '',
    ...aligned(targets.map(({ name, measured, met }) => [name, measured, met ? 'met' : 'MISSED'])),
  ].join('\n')
