// A process of the bench: autocannon. It is never in the process of a server that it measures.

import autocannon from 'autocannon'
import { answerBench } from './child.ts'
import type { Load, LoadRequest } from './messages.ts'
import { type Count, FRESH_ID } from './types.ts'
import { pathWith, requestsOfOne, reservedIn } from './wholes.ts'

/** Milliseconds between looks at the clock: the half ends that much late at most. */
const SAMPLE_MS = 50

answerBench(async ({ url, seconds, lanes }: Load): Promise<Count> => {
  let connection = 0
  const ofOne = requestsOfOne(lanes)
  const result = await autocannon({
    url,
    connections: lanes.length,
    duration: seconds,
    sampleInt: SAMPLE_MS,
    idReplacement: lanes.some((lane) => lane.some(({ body }) => body?.includes(FRESH_ID))),
    setupClient: (client) => {
      const lane = lanes[connection % lanes.length] ?? []
      client.setRequests(ofOne === 1 ? [...lane] : going(lane))
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
  return {
    requests: result.requests.total / ofOne,
    seconds: result.duration,
    p99Ms: latency.p99,
  }
})

/** Requests that are made when it is their turn, of what the ones before them were answered. */
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
