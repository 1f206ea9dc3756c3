import { setTimeout as delay } from 'node:timers/promises'
import { type Memory, memoryOf } from './processes.ts'
import { API_KEY, type RunningServer } from './running-server.ts'
import { checkOf, prepare } from './scenarios/check-entitlement.ts'
import { httpOf, type OpenWorld } from './world.ts'

/** The memory of a server that has checked so many customers. */
export type MemoryByCustomers = Memory & {
  readonly customers: number
  /** What the server says that the states take, in megabytes of 10^6 bytes. */
  readonly statesMb: number
}

const COUNTS = [0, 1000, 10_000, 100_000]
const MOST = Math.max(...COUNTS)
/** How many checks wait at a time. */
const CLIENTS = 32
/** How long the server is idle before its memory is read, in milliseconds. */
const IDLE_MS = 5000

/** Checks ever more customers, each once, and measures the memory after each step. */
export async function memoryByCustomers(at: {
  world: OpenWorld
  server: RunningServer
}): Promise<MemoryByCustomers[]> {
  await prepare(at.world, MOST)
  const results: MemoryByCustomers[] = []
  let checked = 0
  for (const customers of COUNTS) {
    await checkAll(at, checked, customers)
    checked = customers
    await delay(IDLE_MS)
    const statesMb = (await statesOf(at.server)) / 1e6
    results.push({ customers, statesMb, ...memoryOf(at.server.pid) })
  }
  return results
}

async function checkAll(
  { world, server }: { world: OpenWorld; server: RunningServer },
  from: number,
  until: number,
): Promise<void> {
  let next = from
  const client = async () => {
    while (next < until) {
      const { path } = httpOf(world.contract, checkOf(next))
      next += 1
      const response = await fetch(server.url + path, { headers: { 'x-api-key': API_KEY } })
      if (!response.ok) throw new Error(`${path}: ${response.status}`)
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
}

async function statesOf({ url }: RunningServer): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { 'x-api-key': API_KEY } })
  const found = /^bursar_state_cache_bytes(?:\{[^}]*\})? (\S+)$/m.exec(await response.text())
  if (found === null) throw new Error('/metrics has no bursar_state_cache_bytes')
  return Number(found[1])
}
