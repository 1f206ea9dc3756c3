import { setTimeout as delay } from 'node:timers/promises'
import { createKey } from '../../src/access/index.ts'
import { startChild } from '../child.ts'
import type { OnServer } from '../on-server.ts'
import { residentMb } from '../processes.ts'
import { prepareSoak } from './customers.ts'
import { lanesOf } from './lanes.ts'
import type { LaneResult, SoakLoad } from './load.ts'
import { type SoakReport, verdictsOf } from './report.ts'

/** The settings of the server: the heap of a small machine. */
export const SOAK_SETTINGS = { NODE_OPTIONS: '--max-old-space-size=1024' }

/** Fills caches and compiles code before the memory is compared. */
const WARM_UP_SECONDS = 60
/** How long the server is idle before its memory is read, in milliseconds. */
const REST_MS = 60_000
const SAMPLE_MS = 1000
/** The load sends hundreds of MB per second. This must not take processor time from the server. */
const LOAD_NICENESS = 10
/** The process that measures latencies must not wait for a processor itself. */
const TIMING_NICENESS = -10

/** Loads a server with all lanes for the given time. */
export async function runSoak(
  { world, server, machine }: OnServer,
  minutes: number,
  say: (text: string) => void,
): Promise<SoakReport> {
  await prepareSoak(world, say)
  const lanes = lanesOf(world.contract)
  // Each lane has its own key, because limits are per key and lanes must not affect each other.
  const asked: SoakLoad['lanes'][number][] = []
  for (const lane of lanes) {
    const key = { kind: 'full-access', name: lane.name } as const
    const { secret } = await createKey(world.app, world.scope, key)
    asked.push({ lane, apiKey: secret })
  }
  const timing = startChild('./soak/load.ts')
  const loading = startChild('./soak/load.ts')
  const run = async (seconds: number) => {
    const ask = (isTimed: boolean): SoakLoad => ({
      url: server.url,
      seconds,
      lanes: asked.filter(({ lane }) => lane.isTimed === isTimed),
      niceness: isTimed ? TIMING_NICENESS : LOAD_NICENESS,
    })
    const results = await Promise.all([
      timing.ask<LaneResult[]>(ask(true)),
      loading.ask<LaneResult[]>(ask(false)),
    ])
    return results.flat()
  }
  const restingMb = async () => {
    await delay(REST_MS)
    return residentMb(server.pid)
  }
  try {
    say('warm-up')
    await run(WARM_UP_SECONDS)
    const beforeMb = await restingMb()
    say(`${minutes} minutes`)
    let mostMb = 0
    const sampling = setInterval(() => {
      mostMb = Math.max(mostMb, residentMb(server.pid))
    }, SAMPLE_MS)
    const results = await run(minutes * 60).finally(() => clearInterval(sampling))
    const memory = { beforeMb, mostMb, afterMb: await restingMb() }
    const measured = { date: new Date().toISOString(), machine, minutes, results, memory }
    return { ...measured, targets: verdictsOf(measured, lanes) }
  } finally {
    await Promise.all([timing.stop(), loading.stop()])
  }
}
