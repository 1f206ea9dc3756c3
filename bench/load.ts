// A process of the bench: autocannon. It never runs in the process of a measured server.

import autocannon from 'autocannon'
import { answerBench } from './child.ts'
import type { Load, LoadRequest, Part } from './messages.ts'
import { type Count, FRESH_ID, type PacedLatency } from './types.ts'
import { pathWith, requestsOfOne, reservedIn } from './wholes.ts'

/** How often the clock is read, in milliseconds. A half ends at most this much late. */
const SAMPLE_MS = 50

/** The positions in the lanes of each address. A half continues where the previous one ended. */
const done = new Map<string, number>()

answerBench(async ({ parts, seconds, perSecond }: Load): Promise<Count | PacedLatency> => {
  const overallRate = perSecond === undefined ? undefined : Math.ceil(perSecond / parts.length)
  const results = await Promise.all(parts.map((part) => run(part, { seconds, overallRate })))
  const most = (of: (result: PartResult) => number) => Math.max(...results.map(of))
  const requests = results.reduce((sum, result) => sum + result.requests, 0)
  const length = most((result) => result.seconds)
  if (perSecond === undefined)
    return { requests, seconds: length, p99Ms: most(({ p99Ms }) => p99Ms) }
  return {
    perSecond: requests / length,
    p50Ms: most(({ p50Ms }) => p50Ms),
    p99Ms: most(({ p99Ms }) => p99Ms),
  }
})

type PartResult = Count & { readonly p50Ms: number; readonly p99Ms: number }

async function run(
  { url, lanes }: Part,
  { seconds, overallRate }: { seconds: number; overallRate: number | undefined },
): Promise<PartResult> {
  let connection = 0
  const ofOne = requestsOfOne(lanes)
  const before = done.get(url) ?? 0
  const result = await autocannon({
    url,
    connections: lanes.length,
    duration: seconds,
    sampleInt: SAMPLE_MS,
    idReplacement: lanes.some((lane) => lane.some(({ body }) => body?.includes(FRESH_ID))),
    // With a rate, the library corrects latencies by the time that requests had to wait.
    ...(overallRate !== undefined && { overallRate: overallRate * ofOne }),
    setupClient: (client) => {
      const lane = from(lanes[connection % lanes.length] ?? [], before * ofOne)
      client.setRequests(ofOne === 1 ? lane : going(lane))
      connection += 1
    },
  })
  const { non2xx, errors, timeouts, latency } = result
  if (non2xx + errors + timeouts > 0)
    throw new Error(
      `${url} answered ${non2xx} requests with another status than 2xx ` +
        `(${JSON.stringify(result.statusCodeStats)}), ${errors} failed, ${timeouts} timed out`,
    )
  if (result.requests.total === 0) throw new Error(`${url} answered nothing in ${seconds} s`)
  const calls = result.requests.total / ofOne
  done.set(url, before + Math.ceil(calls / lanes.length))
  return { requests: calls, seconds: result.duration, p50Ms: latency.p50, p99Ms: latency.p99 }
}

/** Returns the list rotated, so that it begins at another position. */
function from<T>(list: readonly T[], place: number): T[] {
  const at = place % Math.max(1, list.length)
  return [...list.slice(at), ...list.slice(0, at)]
}

/** Returns requests that are completed from previous responses just before they are sent. */
function going(lane: readonly LoadRequest[]): autocannon.Request[] {
  let reserved: string | null = null
  return lane.map((request) => ({
    ...request,
    setupRequest: (made) => ({ ...made, path: pathWith(request.path, reserved) }),
    onResponse: (status, body) => {
      if (status < 300) reserved = reservedIn(JSON.parse(body)) ?? reserved
    },
  }))
}
