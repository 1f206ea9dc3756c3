import assert from 'node:assert/strict'
import { done, type EntityWire, upsertCall } from '../support/entity-calls.ts'
import type { Call, Json } from '../support/keep-alive-client.ts'

/** How many requests of one kind were sent, and how many were acknowledged. */
export type Count = { attempted: number; acknowledged: number }

/** A caller that sends one write after the other until it is stopped. */
export type LoadWriter = {
  readonly name: string
  readonly count: Readonly<Count>
  /** Stops the caller. Throws if a request went wrong. */
  stop(): Promise<void>
  /** Asserts that the state on the server is one that this writer's environment once had. */
  assertWhole(url: string, bounds: Count): Promise<void>
}

const BATCH = 8

/** With each request, writes one value to several entities and creates another entity. */
export function startBatches(url: string, customerId: string): LoadWriter {
  const idOf = (index: number) => `same-${index}`
  const write = (value: number) => {
    const metadata = { value: String(value) }
    const same = Array.from({ length: BATCH }, (_, index) => entity(idOf(index), metadata))
    return done(url, upsertCall(customerId, [...same, entity(`new-${value}`, metadata)]))
  }
  const assertWhole = async (at: string, bounds: Count) => {
    const values = new Set<number>()
    for (let index = 0; index < BATCH; index += 1)
      values.add(Number((await entityOf(at, customerId, idOf(index))).metadata.value))
    assert.equal(values.size, 1, `a request of ${customerId} is there in parts: ${[...values]}`)
    const [value = 0] = values
    assertWithin(`the batch of ${customerId}`, value, bounds)
    for (const made of [1, bounds.acknowledged, value])
      assert.equal((await entityOf(at, customerId, `new-${made}`)).metadata.value, String(made))
    const path = `/api/v1/customers/${customerId}/entities/new-${value + 1}`
    await assert.rejects(done(at, { method: 'GET', path }), /404/)
  }
  return { name: customerId, ...repeat(write), assertWhole }
}

/** Writes one value to three tables: to an entity type, then a customer, then an entity. */
export function startRelay(url: string, customerId: string): LoadWriter {
  const write = async (value: number) => {
    const text = String(value)
    await done(url, typeCall(text))
    await done(url, customerPatch(customerId, { value: text }))
    await done(url, upsertCall(customerId, [entity('last', { value: text })]))
  }
  const assertWhole = async (at: string, bounds: Count) => {
    const types = await done(at, { method: 'GET', path: '/api/v1/entity-types' })
    const type = types.data.find(({ id }: Json) => id === 'relayed')
    const customer = await done(at, { method: 'GET', path: `/api/v1/customers/${customerId}` })
    const values = [
      Number(type.displayName),
      Number(customer.data.metadata.value),
      Number((await entityOf(at, customerId, 'last')).metadata.value),
    ]
    const [first = 0, , last = 0] = values
    assert.deepEqual(
      values,
      values.toSorted((a, b) => b - a),
      'later writes without earlier ones',
    )
    assert.ok(first - last <= 1, `earlier writes without later ones: ${values}`)
    assertWithin('the relay', last, { ...bounds, attempted: bounds.attempted + 1 })
  }
  return { name: 'relay', ...repeat(write), assertWhole }
}

function repeat(write: (value: number) => Promise<unknown>) {
  const count = { attempted: 0, acknowledged: 0 }
  let stopped = false
  const run = async () => {
    while (!stopped) {
      count.attempted += 1
      await write(count.attempted)
      count.acknowledged = count.attempted
    }
  }
  const running = run()
  running.catch(() => {})
  const stop = () => {
    stopped = true
    return running
  }
  return { count, stop }
}

function assertWithin(what: string, value: number, { acknowledged, attempted }: Count): void {
  const isPossible = value >= acknowledged && value <= attempted
  assert.ok(isPossible, `${what} is ${value}: acknowledged ${acknowledged}, sent ${attempted}`)
}

const entity = (id: string, metadata: Record<string, string>): EntityWire => ({
  id,
  entityTypeId: 'user',
  metadata,
})

const typeCall = (displayName: string): Call => ({
  method: 'PUT',
  path: '/api/v1/entity-types',
  body: { types: [{ id: 'relayed', displayName, attributionKeys: ['relayedId'] }] },
})

const customerPatch = (id: string, metadata: Record<string, string>): Call => ({
  method: 'PATCH',
  path: `/api/v1/customers/${id}`,
  body: { metadata },
})

async function entityOf(url: string, customerId: string, id: string): Promise<Json> {
  const path = `/api/v1/customers/${customerId}/entities/${id}`
  return (await done(url, { method: 'GET', path })).data
}
