import { performance } from 'node:perf_hooks'
import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { App } from '../app.ts'
import type { CacheCounts } from '../kernel/cache.ts'
import type { Answers } from './answers.ts'
import type { ApiDocument } from './api-document.ts'
import type { Bodies } from './bodies.ts'
import type { Connections } from './connections.ts'
import { exposeDatabase } from './database-metrics.ts'
import { type DenialCounts, exposeDenials } from './decision-metrics.ts'
import { type EngineCounts, exposeEngine } from './engine-metrics.ts'
import { exposeCounter, exposeGauge } from './figures.ts'
import type { ForwardedCounter } from './forwarded.ts'
import { recordRequests } from './request-metrics.ts'

/**
 * `GET /metrics` in the text format of Prometheus. Call it before any route is added, since it
 * counts their requests. All label values are known in advance, so a caller cannot create one.
 */
export function mountMetrics(
  server: FastifyInstance,
  from: {
    app: App
    contract: ApiDocument
    connections: Connections
    bodies: Bodies
    unbelieved: ForwardedCounter
    answers: Answers
    version: string
    /** Null if no tokens are accepted. */
    keySetFailures: (() => number) | null
    keyCache: () => CacheCounts
    engineCounts: () => EngineCounts
    denialCounts: () => DenialCounts
    tokenRefusals: () => number
  },
): void {
  // Only for this server. The global registry of the library would be shared within the process.
  const registry = new Registry()
  recordRequests(server, { registry, contract: from.contract })
  exposeDatabase(registry, from.app)
  exposeKeyCache(registry, from.keyCache)
  exposeEngine(registry, from.engineCounts)
  exposeDenials(registry, from.denialCounts)
  exposeTokens(registry, from.tokenRefusals)
  if (from.keySetFailures !== null) exposeKeySet(registry, from.keySetFailures)
  exposeConnections(registry, from.connections)
  exposeBytes(registry, from)
  exposeUnbelieved(registry, from.unbelieved)
  exposeProcess(registry, from.version)
  server.get('/metrics', async (_, reply) => {
    reply.type(registry.contentType).header('cache-control', 'no-store')
    return registry.metrics()
  })
}

function exposeConnections(registry: Registry, connections: Connections): void {
  exposeGauge(
    registry,
    {
      name: 'bursar_connections',
      help: 'Connections of callers: serving a request, or idle.',
      label: 'state',
    },
    () => {
      const { serving, idle } = connections.counts()
      return { serving, idle }
    },
  )
  exposeCounter(
    registry,
    {
      name: 'bursar_connections_closed_total',
      help: 'Connections closed by a bound: on all, on one address, or on unread responses.',
      label: 'bound',
    },
    () => connections.counts().closed,
  )
}

function exposeKeyCache(registry: Registry, counts: () => CacheCounts): void {
  exposeCounter(
    registry,
    {
      name: 'bursar_key_cache_lookups_total',
      help: 'Look-ups of API keys in the cache of this process: hits, and misses that read the database.',
      label: 'result',
    },
    () => {
      const { hits, misses } = counts()
      return { hit: hits, miss: misses }
    },
  )
  exposeGauge(
    registry,
    { name: 'bursar_key_cache_entries', help: 'API keys in the cache of this process.' },
    () => counts().size,
  )
}

function exposeTokens(registry: Registry, refusals: () => number): void {
  const figure = {
    name: 'bursar_state_token_refusals_total',
    help: 'Requests refused because the database is behind the state of their Bursar-At-Least.',
  }
  exposeCounter(registry, figure, refusals)
}

function exposeKeySet(registry: Registry, keySetFailures: () => number): void {
  const figure = {
    name: 'bursar_token_key_set_failures_total',
    help: 'How often the key set of the token provider could not be fetched.',
  }
  exposeCounter(registry, figure, keySetFailures)
}

function exposeBytes(
  registry: Registry,
  { bodies, answers }: { bodies: Bodies; answers: Answers },
): void {
  const ofBodies = {
    name: 'bursar_body_bytes',
    help: 'Bytes of request bodies in progress, without small ones.',
  }
  exposeGauge(registry, ofBodies, bodies.inUse)
  const ofAnswers = {
    name: 'bursar_answer_bytes',
    help: 'Bytes of responses that are being sent, without small ones.',
  }
  exposeGauge(registry, ofAnswers, answers.bytesInUse)
}

/** `bursar doctor` looks for this name. */
export const UNBELIEVED_PROXY = 'bursar_unbelieved_proxy_requests_total'

function exposeUnbelieved(registry: Registry, unbelieved: ForwardedCounter): void {
  const figure = {
    name: UNBELIEVED_PROXY,
    help: 'Requests that a proxy on this machine forwarded while BURSAR_TRUST_PROXY is not set.',
  }
  exposeCounter(registry, figure, unbelieved.count)
}

function exposeProcess(registry: Registry, version: string): void {
  collectDefaultMetrics({ register: registry })
  exposeGauge(registry, { name: 'bursar_info', help: 'What runs.', label: 'version' }, () => ({
    [version]: 1,
  }))
  exposeCounter(
    registry,
    {
      name: 'bursar_event_loop_seconds_total',
      help: 'Time of the event loop, active and idle. The ratio is its utilisation.',
      label: 'state',
    },
    () => {
      const { active, idle } = performance.eventLoopUtilization()
      return { active: active / 1000, idle: idle / 1000 }
    },
  )
}
