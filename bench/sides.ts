import { type Child, startChild } from './child.ts'
import type { Load, LoadRequest, LoopMessage, ServeBaseline } from './messages.ts'
import { STATIC_PATH } from './messages.ts'
import { processorMs } from './processes.ts'
import { API_KEY } from './running-server.ts'
import type { BaselineName, Count, Half, Lanes, Turn } from './types.ts'

/** One of those that are compared. */
export type Side = {
  readonly name: 'server' | BaselineName
  /** The address for a request by hand; null for a loop. */
  readonly url: string | null
  run(seconds: number): Promise<Half>
}

export type Sides = { readonly all: readonly Side[]; close(): Promise<void> }

/** Starts what a scenario compares: each baseline and the load in a process of its own. */
export async function openSides(from: {
  names: readonly BaselineName[]
  lanes: Lanes
  server: { url: string; pid: number }
  databaseUrl: string
  poolSize: number
}): Promise<Sides> {
  const { names, lanes, server, databaseUrl, poolSize } = from
  const load = startChild('./load.ts')
  const baseline = startChild('./baseline-server.ts')
  const loop = startChild('./sql-loop.ts')
  const byHand = startChild('./baseline-server.ts')
  const children: Child[] = [load, baseline, loop, byHand]

  const serveOn = async (child: Child, served: Lanes) => {
    const message: ServeBaseline = { databaseUrl, poolSize, lanes: served }
    return { url: `http://127.0.0.1:${await child.ask<number>(message)}`, pid: child.pid }
  }
  const bare = await serveOn(baseline, lanes)
  const recordings = lanes.map((lane) => lane.map(({ recording }) => recording))
  const opened: LoopMessage = { open: { databaseUrl, lanes: recordings } }
  if (names.includes('sql')) await loop.ask(opened)
  const hand = names.includes('handwritten') ? await serveOn(byHand, lanes.map(handwritten)) : bare

  const requests = lanes.map((lane) => lane.map(requestOf))
  const overHttp = (at: { url: string; pid: number }, ofLanes: Load['lanes']) =>
    costed(at.pid, (seconds) => {
      const message: Load = { url: at.url, seconds, lanes: ofLanes }
      return load.ask(message)
    })
  const overLoop = costed(loop.pid, (seconds) => {
    const message: LoopMessage = { run: { seconds } }
    return loop.ask(message)
  })
  const still = lanes.map(() => [{ method: 'GET' as const, path: STATIC_PATH, headers }])
  const possible: readonly Side[] = [
    { name: 'server', url: server.url, run: overHttp(server, requests) },
    { name: 'fastify', url: bare.url, run: overHttp(bare, requests) },
    { name: 'handwritten', url: hand.url, run: overHttp(hand, requests) },
    { name: 'sql', url: null, run: overLoop },
    { name: 'static', url: null, run: overHttp(bare, still) },
  ]
  return {
    all: possible.filter(({ name }) => name === 'server' || names.includes(name)),
    close: async () => {
      await Promise.all(children.map((child) => child.stop()))
    },
  }
}

/** The same turns with what is run by hand for them. */
const handwritten = (lane: Lanes[number]): Turn[] =>
  lane.map((turn) => ({ ...turn, recording: turn.handwritten ?? [] }))

/** Adds the processor time of a process to what `run` measures. */
const costed =
  (pid: number, run: (seconds: number) => Promise<Count>) =>
  async (seconds: number): Promise<Half> => {
    const before = processorMs(pid)
    const counted = await run(seconds)
    const cpuMs = (processorMs(pid) - before) / counted.requests
    return { perSecond: counted.requests / counted.seconds, p99Ms: counted.p99Ms, cpuMs }
  }

const headers = { 'x-api-key': API_KEY }

/** The request of a turn. The baseline is sent the same headers, though it reads none. */
export const requestOf = ({ method, path, body }: Turn): LoadRequest =>
  body === null
    ? { method, path, headers }
    : { method, path, headers: { ...headers, 'content-type': 'application/json' }, body }
