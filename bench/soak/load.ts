// A process of the bench: sends requests in many loops at once, and counts the results.

import { Agent, request } from 'node:http'
import { setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { answerBench } from '../child.ts'
import type { Lane } from './lanes.ts'

export type SoakLoad = {
  url: string
  seconds: number
  /** Each lane has its own API key. */
  lanes: readonly { lane: Lane; apiKey: string }[]
  /**
   * The niceness of the process. Real load would come from other machines, and real latencies do
   * not include waits of the caller for a processor of the server.
   */
  niceness: number
}

/** The results of a lane. `cut` counts connections that ended without a response. */
export type LaneResult = {
  name: string
  statuses: Record<number, number>
  cut: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

/** How many latencies of a lane are stored. Later ones are ignored. */
const MAX_LATENCIES = 1_000_000
const RETRY_MS = 1000

answerBench(async ({ url, seconds, lanes, niceness }: SoakLoad): Promise<LaneResult[]> => {
  takePriority(niceness)
  const end = performance.now() + seconds * 1000
  return Promise.all(lanes.map(({ lane, apiKey }) => runLane(lane, { url, apiKey, end })))
})

/**
 * Only root may take a higher priority. Without it, the latencies include waits for a processor.
 */
function takePriority(niceness: number): void {
  try {
    setPriority(niceness)
  } catch (error) {
    if (niceness >= 0) throw error
  }
}

type At = { url: string; apiKey: string; end: number }

async function runLane(lane: Lane, at: At): Promise<LaneResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: lane.loops })
  const body = lane.body === null ? null : Buffer.from(lane.body)
  const statuses: Record<number, number> = {}
  const tookMs: number[] = []
  let cut = 0
  const loop = async () => {
    while (performance.now() < at.end) {
      const start = performance.now()
      const answer = await ask(lane, { ...at, agent, body })
      if (answer === null) cut += 1
      else {
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
        const isMeasured = answer.status < 300 && tookMs.length < MAX_LATENCIES
        if (isMeasured) tookMs.push(performance.now() - start)
      }
      const isRefused = answer === null || answer.status === 429 || answer.status === 503
      // Like the official clients, waits as long as `Retry-After` says, with jitter.
      await delay(isRefused ? RETRY_MS * (0.5 + Math.random()) : lane.pauseMs)
    }
  }
  await Promise.all(Array.from({ length: lane.loops }, loop))
  agent.destroy()
  const sorted = tookMs.toSorted((a, b) => a - b)
  const quantile = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return {
    name: lane.name,
    statuses,
    cut,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    maxMs: quantile(1),
  }
}

function ask(
  { method, path }: Lane,
  { url, apiKey, agent, body }: At & { agent: Agent; body: Buffer | null },
): Promise<{ status: number } | null> {
  return new Promise((resolve) => {
    const headers = {
      'x-api-key': apiKey,
      ...(body !== null && { 'content-type': 'application/json', 'content-length': body.length }),
    }
    const sent = request(
      `${url}${path}`,
      { method, agent, headers, timeout: 60_000 },
      (response) => {
        const status = response.statusCode ?? 0
        response.resume()
        response.once('close', () => resolve({ status }))
      },
    )
    sent.once('error', () => resolve(null))
    sent.once('timeout', () => sent.destroy())
    sent.end(body ?? undefined)
  })
}
