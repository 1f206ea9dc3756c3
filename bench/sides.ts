import { type Child, startChild } from './child.ts'
import {
  type Load,
  type LoadRequest,
  type LoopMessage,
  type Part,
  type ServeBaseline,
  type ServeByHand,
  STATIC_PATH,
} from './messages.ts'
import { processorMs } from './processes.ts'
import { API_KEY } from './running-server.ts'
import type { BaselineName, Count, Half, Lanes, PacedLatency, Turn } from './types.ts'

/** A server or baseline that is compared. */
export type Side = {
  readonly name: 'server' | BaselineName
  /** The address for single requests. Null for the loop, which has no HTTP. */
  readonly url: string | null
  run(seconds: number): Promise<Half>
  /** Measures the latency at a fixed rate. Null for the loop. */
  runPaced: ((seconds: number, perSecond: number) => Promise<PacedLatency>) | null
}

export type Sides = { readonly all: readonly Side[]; close(): Promise<void> }

export type MeasuredServer = { readonly pid: number; readonly url: string }

/** Starts the sides of a scenario. Each baseline and the load have their own process. */
export async function openSides(from: {
  names: readonly BaselineName[]
  lanes: Lanes
  /** Each gets as many connections as there are lanes. */
  servers: readonly MeasuredServer[]
  databaseUrl: string
  poolSize: number
}): Promise<Sides> {
  const { names, lanes, servers, databaseUrl, poolSize } = from
  const children: Child[] = []
  const start = (script: string): Child => {
    const child = startChild(script)
    children.push(child)
    return child
  }
  const serve = async (
    script: string,
    message: ServeBaseline | ServeByHand,
  ): Promise<MeasuredServer> => {
    const child = start(script)
    return { pid: child.pid, url: `http://127.0.0.1:${await child.ask<number>(message)}` }
  }
  const load = start('./load.ts')
  const requests = lanes.map((lane) => lane.map(requestOf))
  const all: Side[] = []
  const compare = (
    name: Side['name'],
    at: readonly MeasuredServer[],
    own: Part['lanes'] = requests,
  ) => all.push(sideOf({ name, servers: at, load, lanes: own }))

  compare('server', servers)
  const bare = names.some((name) => name === 'fastify' || name === 'static')
    ? await serve('./baseline-server.ts', { databaseUrl, poolSize, lanes })
    : null
  if (bare !== null && names.includes('fastify')) compare('fastify', [bare])
  if (names.includes('handwritten'))
    compare('handwritten', [await serve('./by-hand/server.ts', { databaseUrl, poolSize })])
  if (names.includes('memory'))
    compare('memory', [await serve('./by-hand/memory-server.ts', { databaseUrl, poolSize })])
  if (names.includes('sql')) {
    const recordings = lanes.map((lane) => lane.map(({ recording }) => recording))
    all.push(await loopOf(start('./sql-loop.ts'), { databaseUrl, poolSize, recordings }))
  }
  if (bare !== null && names.includes('static')) {
    const still = lanes.map(() => [{ method: 'GET' as const, path: STATIC_PATH, headers: KEY }])
    compare('static', [bare], still)
  }
  return {
    all,
    close: async () => {
      await Promise.all(children.map((child) => child.stop()))
    },
  }
}

/** Sends the lanes to each of the servers, and reports the processor time of all servers. */
function sideOf(from: {
  name: Side['name']
  servers: readonly MeasuredServer[]
  load: Child
  lanes: Part['lanes']
}): Side {
  const { name, servers, load, lanes } = from
  const message = (seconds: number): Load => ({
    parts: servers.map(({ url }) => ({ url, lanes })),
    seconds,
  })
  const pids = servers.map(({ pid }) => pid)
  return {
    name,
    // The static route returns something else, so what it does is not compared.
    url: name === 'static' ? null : (servers[0]?.url ?? null),
    run: costed(pids, (seconds) => load.ask<Count>(message(seconds))),
    runPaced: (seconds, perSecond) => load.ask<PacedLatency>({ ...message(seconds), perSecond }),
  }
}

/** The loop has at most as many clients as the others have connections to the database. */
async function loopOf(
  loop: Child,
  from: { databaseUrl: string; poolSize: number; recordings: Recordings },
): Promise<Side> {
  const { databaseUrl, poolSize, recordings } = from
  const opened: LoopMessage = { open: { databaseUrl, clients: poolSize, lanes: recordings } }
  await loop.ask(opened)
  const run = costed([loop.pid], (seconds) => {
    const message: LoopMessage = { run: { seconds } }
    return loop.ask(message)
  })
  return { name: 'sql', url: null, run, runPaced: null }
}

type Recordings = readonly (readonly Turn['recording'][])[]

/** Adds the processor time of the processes to the results of `run`. */
export const costed =
  (pids: readonly number[], run: (seconds: number) => Promise<Count>) =>
  async (seconds: number): Promise<Half> => {
    const spent = () => pids.reduce((sum, pid) => sum + processorMs(pid), 0)
    const before = spent()
    const counted = await run(seconds)
    const cpuMs = (spent() - before) / counted.requests
    return { perSecond: counted.requests / counted.seconds, p99Ms: counted.p99Ms, cpuMs }
  }

const KEY = { 'x-api-key': API_KEY }

/** Returns the request of a turn. The baselines get the same headers, although they ignore them. */
export const requestOf = ({
  method,
  path,
  body,
  headers = {},
}: Pick<Turn, 'method' | 'path' | 'body' | 'headers'>): LoadRequest =>
  body === null
    ? { method, path, headers: { ...KEY, ...headers } }
    : { method, path, headers: { ...KEY, ...headers, 'content-type': 'application/json' }, body }
