import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { after, test } from 'node:test'
import {
  type Attributes,
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  type Span,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { openWorld } from '../../test/support/world.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const OUTER = { traceId: TRACE_ID, spanId: '00f067aa0ba902b7', traceFlags: 1 }

type Told = { name: string; parent: string; status: unknown; failed: boolean; ended: boolean }
const spans: Told[] = []

/** The part of an OpenTelemetry SDK that the server uses. */
const storage = new AsyncLocalStorage<Context>()
const manager: ContextManager = {
  active: () => storage.getStore() ?? ROOT_CONTEXT,
  with: (given, work, self, ...args) => storage.run(given, () => work.apply(self as never, args)),
  bind: (_, target) => target,
  enable: () => manager,
  disable: () => manager,
}

function startSpan(name: string): Span {
  const parent = trace.getSpanContext(context.active())?.spanId ?? ''
  const told: Told = { name, parent, status: undefined, failed: false, ended: false }
  spans.push(told)
  return {
    ...trace.wrapSpanContext({ ...OUTER, spanId: 'b7ad6b7169203331' }),
    spanContext: () => ({ ...OUTER, spanId: 'b7ad6b7169203331' }),
    setAttribute(key: string, value: Attributes[string]) {
      if (key === 'http.response.status_code') told.status = value
      return this
    },
    setStatus() {
      told.failed = true
      return this
    },
    end() {
      told.ended = true
    },
  } as unknown as Span
}

const tracer = {
  startSpan,
  startActiveSpan: (name: string, work: (span: Span) => unknown) => {
    const span = startSpan(name)
    return manager.with(trace.setSpan(context.active(), span), () => work(span))
  },
} as unknown as Tracer

context.setGlobalContextManager(manager)
trace.setGlobalTracerProvider({ getTracer: () => tracer })
after(() => {
  context.disable()
  trace.disable()
})

const world = await openWorld()
const within = <T>(work: () => Promise<T>): Promise<T> =>
  context.with(trace.setSpanContext(ROOT_CONTEXT, OUTER), work)

test('within a trace, each operation has a span with its name and the status of its response', async () => {
  const tenant = await world.tenant()
  const body = { id: 'acme' }
  for (const status of [201, 409, 400]) {
    spans.length = 0
    const request = status === 400 ? { body: { unheardOf: 1 } } : { body }
    const answer = await within(() => tenant.call('v1.customers.provision', request))
    assert.equal(answer.status, status)
    const name = 'v1.customers.provision'
    assert.deepEqual(spans, [{ name, parent: OUTER.spanId, status, failed: false, ended: true }])
    assert.equal(answer.headers['x-trace-id'], TRACE_ID)
  }
})

test('outside of a trace there is no span, but a trace id', async () => {
  spans.length = 0
  const tenant = await world.tenant()
  const { headers } = await tenant.call('v1.customers.list')
  assert.deepEqual(spans, [])
  assert.notEqual(headers['x-trace-id'], TRACE_ID)
})

test('the trace that the caller names takes precedence over the surrounding one', async () => {
  const tenant = await world.tenant()
  const given = '0af7651916cd43dd8448eb211c80319c'
  const headers = { traceparent: `00-${given}-00f067aa0ba902b7-01` }
  const answer = await within(() => tenant.call('v1.customers.list', { headers }))
  assert.equal(answer.headers['x-trace-id'], given)
})

test('a request that is no operation has no span', async () => {
  spans.length = 0
  await within(() => world.bursar.server.inject({ method: 'GET', url: '/nowhere' }))
  await within(() => world.bursar.server.inject({ method: 'GET', url: '/health/live' }))
  assert.deepEqual(spans, [])
})
