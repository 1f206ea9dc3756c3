import { type Child, startChild } from './child.ts'
import {
  type Load,
  type LoadRequest,
  type LoopMessage,
  type ServeBaseline,
  type ServeByHand,
  STATIC_PATH,
} from './messages.ts'
import { processorMs } from './processes.ts'
import { API_KEY } from './running-server.ts'
import type { BaselineName, Count, Half, Lanes, Turn } from './types.ts'

/** A server or baseline that is compared. */
export type Side = {
  readonly name: 'server' | BaselineName
  /** The address for single requests. Null for the loop, which has no HTTP. */
  readonly url: string | null
  run(seconds: number): Promise<Half>
}

export type Sides = { readonly all: readonly Side[]; close(): Promise<void> }

type ServerSide = { readonly pid: number; readonly url: string }

/** Starts the sides of a scenario. Each baseline and the load have their own process. */
export async function openSides(from: {
  names: readonly BaselineName[]
  lanes: Lanes
  server: ServerSide
  databaseUrl: string
  poolSize: number
}): Promise<Sides> {
  const { names, lanes, server, databaseUrl, poolSize } = from
  const children: Child[] = []
  const start = (script: string): Child => {
    const child = startChild(script)
    children.push(child)
    return child
  }
  const serve = async (
    script: string,
    message: ServeBaseline | ServeByHand,
  ): Promise<ServerSide> => {
    const child = start(script)
    return { pid: child.pid, url: `http://127.0.0.1:${await child.ask<number>(message)}` }
  }
  const load = start('./load.ts')
  const over = ({ pid, url }: ServerSide, ofLanes: Load['lanes']) =>
    costed(pid, (seconds) => {
      const message: Load = { url, seconds, lanes: ofLanes }
      return load.ask(message)
    })
  const requests = lanes.map((lane) => lane.map(requestOf))
  const all: Side[] = []
  const compare = (name: Side['name'], at: ServerSide) =>
    all.push({ name, url: at.url, run: over(at, requests) })

  compare('server', server)
  const bare = names.some((name) => name === 'fastify' || name === 'static')
    ? await serve('./baseline-server.ts', { databaseUrl, poolSize, lanes })
    : null
  if (bare !== null && names.includes('fastify')) compare('fastify', bare)
  if (names.includes('handwritten'))
    compare('handwritten', await serve('./by-hand/server.ts', { databaseUrl, poolSize }))
  if (names.includes('sql')) {
    const recordings = lanes.map((lane) => lane.map(({ recording }) => recording))
    all.push(await loopOf(start('./sql-loop.ts'), { databaseUrl, poolSize, recordings }))
  }
  if (bare !== null && names.includes('static')) {
    const still = lanes.map(() => [{ method: 'GET' as const, path: STATIC_PATH, headers: KEY }])
    all.push({ name: 'static', url: null, run: over(bare, still) })
  }
  return {
    all,
    close: async () => {
      await Promise.all(children.map((child) => child.stop()))
    },
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
  const run = costed(loop.pid, (seconds) => {
    const message: LoopMessage = { run: { seconds } }
    return loop.ask(message)
  })
  return { name: 'sql', url: null, run }
}

type Recordings = readonly (readonly Turn['recording'][])[]

/** Adds the processor time of a process to the results of `run`. */
export const costed =
  (pid: number, run: (seconds: number) => Promise<Count>) =>
  async (seconds: number): Promise<Half> => {
    const before = processorMs(pid)
    const counted = await run(seconds)
    const cpuMs = (processorMs(pid) - before) / counted.requests
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
