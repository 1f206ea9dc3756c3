import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Counter, Gauge, type Metric, type Registry } from 'prom-client'
import type { ApiDocument } from './contract.ts'
import { operationOfRoute } from './operation-of-route.ts'

/** Upper bounds of the histogram, in seconds: from a read by key to the longest statement. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** What is no operation: health, documents, unknown paths, methods that a path does not take. */
const OTHER = 'other'
/** In the place of a status: the caller left before there was one. */
const ABORTED = 0

/** What is counted of one operation. Plain numbers: recording costs a caller next to nothing. */
type Series = {
  readonly operation: string
  readonly requests: Map<number, number>
  /** How many took at most the bound of the same place, and more than the one before. */
  readonly buckets: number[]
  seconds: number
}

/** What a route of the contract keeps among its settings. */
type RouteConfig = { series?: Series }

/** Counts every request that reaches a route, and every one that finds none. */
export function recordRequests(
  server: FastifyInstance,
  from: { registry: Registry; contract: ApiDocument },
): void {
  const all = new Map<string, Series>()
  const seriesOf = (operation: string): Series => {
    const series = all.get(operation) ?? newSeries(operation)
    all.set(operation, series)
    return series
  }
  const other = seriesOf(OTHER)
  const counted = (operation: string): RouteConfig => ({ series: seriesOf(operation) })
  const operationOf = operationOfRoute(from.contract)
  let inFlight = 0

  server.addHook('onRoute', (route) => {
    const operation = operationOf(route)
    if (operation !== null) route.config = Object.assign({}, route.config, counted(operation.id))
  })
  server.addHook('onRequest', (request, reply, done) => {
    const begunAt = performance.now()
    inFlight += 1
    // The one event that comes whether the answer was sent or the caller has left.
    reply.raw.once('close', () => {
      inFlight -= 1
      const status = reply.raw.headersSent ? reply.statusCode : ABORTED
      record(ofRequest(request) ?? other, status, (performance.now() - begunAt) / 1000)
    })
    done()
  })
  exposeRequests(from.registry, all)
  new Gauge({
    name: 'bursar_requests_in_flight',
    help: 'Requests that are being served.',
    registers: [from.registry],
    collect() {
      this.set(inFlight)
    },
  })
}

const ofRequest = (request: FastifyRequest): Series | undefined =>
  (request.routeOptions.config as RouteConfig).series

const newSeries = (operation: string): Series => ({
  operation,
  requests: new Map(),
  buckets: BUCKETS.map(() => 0).concat(0),
  seconds: 0,
})

function record(series: Series, status: number, seconds: number): void {
  let place = 0
  while (place < BUCKETS.length && seconds > (BUCKETS[place] as number)) place += 1
  series.buckets[place] = (series.buckets[place] as number) + 1
  series.seconds += seconds
  series.requests.set(status, (series.requests.get(status) ?? 0) + 1)
}

function exposeRequests(registry: Registry, all: ReadonlyMap<string, Series>): void {
  new Counter({
    name: 'bursar_requests_total',
    help: 'Requests by operation and status; "aborted" where the caller left first.',
    labelNames: ['operation', 'status'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { operation, requests } of all.values())
        for (const [status, count] of requests)
          this.inc({ operation, status: status === ABORTED ? 'aborted' : status }, count)
    },
  })
  const name = 'bursar_request_duration_seconds'
  // The library's own histogram cannot be told what was counted elsewhere, and counting in it takes
  // thirty times as long. A registry needs no more of a metric than its name and its values.
  registry.registerMetric({
    name,
    get: async () => ({
      name,
      help: 'Time from the arrival of the head of a request to the end of its answer.',
      type: 'histogram',
      aggregator: 'sum',
      values: [...all.values()].flatMap((series) => histogramOf(name, series)),
    }),
  } as unknown as Metric<string>)
}

/** The lines of one histogram; none before the first request. */
function histogramOf(name: string, { operation, buckets, seconds }: Series) {
  let count = 0
  const lines = buckets.map((own, place) => {
    count += own
    const le = BUCKETS[place] ?? '+Inf'
    return { metricName: `${name}_bucket`, labels: { le, operation }, value: count }
  })
  if (count === 0) return []
  return [
    ...lines,
    { metricName: `${name}_sum`, labels: { operation }, value: seconds },
    { metricName: `${name}_count`, labels: { operation }, value: count },
  ]
}
