import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Counter, type Metric, type Registry } from 'prom-client'
import type { ApiDocument } from './api-document.ts'
import { exposeGauge } from './figures.ts'
import { operationOfRoute } from './operation-of-route.ts'

/** Upper bounds of the buckets in seconds, from a read by key to the longest statement. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** Requests outside of operations: health, documents, unknown paths, unsupported methods. */
const OTHER = 'other'
/** Stands for the status if the caller disconnected before there was one. */
const ABORTED = 0

/** The counts of one operation. Plain numbers make recording cheap. */
type Series = {
  readonly operation: string
  readonly requests: Map<number, number>
  /**
   * How many requests took at most the bound with the same index and more than the bound before it.
   */
  readonly buckets: number[]
  seconds: number
}

/** Stored with the route of each operation. */
type RouteConfig = { series?: Series }

/** Counts every request, also those without a matching route. */
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
    // The only event that occurs both for a sent response and for a disconnected caller.
    reply.raw.once('close', () => {
      inFlight -= 1
      const status = reply.raw.headersSent ? reply.statusCode : ABORTED
      record(ofRequest(request) ?? other, status, (performance.now() - begunAt) / 1000)
    })
    done()
  })
  exposeRequests(from.registry, all)
  exposeGauge(
    from.registry,
    { name: 'bursar_requests_in_flight', help: 'Requests that are being served.' },
    () => inFlight,
  )
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
  // The histogram of the library does not accept existing counts, and counting in it takes thirty
  // times as long. For a registry, a metric only needs a name and values.
  registry.registerMetric({
    name,
    get: async () => ({
      name,
      help: 'Time from the arrival of the head of a request to the end of its response.',
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
