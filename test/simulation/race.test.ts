import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { databaseUrl, findRunning } from '../../src/embedded-postgres/index.ts'
import { within } from '../support/deadline.ts'
import { prepare, readEntities, upsertCall } from '../support/entity-calls.ts'
import { createClient } from '../support/keep-alive-client.ts'
import { type Random, randomFrom, seedOf } from '../support/random.ts'
import { endCleanly, openPlace, type Place } from '../support/server-process.ts'
import { createOwnedValues, type OwnedValues, randomBatch } from './owned-values.ts'

/** How long the clients send requests, in milliseconds. */
const DURATION_MS = Number(process.env.BURSAR_TEST_RACE_MS ?? 4_000)
const CLIENTS = 200
/** Writers of one customer wait for each other. Writers of several customers run in parallel. */
const CUSTOMERS = ['acme', 'globex', 'initech']
const ENTITIES = 20
const BATCH_LIMIT = 8

const owners = Array.from({ length: CLIENTS }, (_, index) => `client-${index}`)
const ids = Array.from({ length: ENTITIES }, (_, index) => `entity-${index}`)

/** The model of each customer. Customers have different entities with the same ids. */
type Model = ReadonlyMap<string, OwnedValues>

test('200 concurrent clients lose no update on one server', async (t) => {
  const place = openPlace(t)
  const server = await place.start({ settings: { BURSAR_LOG_LEVEL: 'warn' } })
  await race(t, [server.url])
  await endCleanly(place, server)
})

test('200 concurrent clients lose no update on two servers with one database', async (t) => {
  const place = openPlace(t)
  const first = await place.start({ settings: { BURSAR_LOG_LEVEL: 'warn' } })
  const second = await startBeside(place)
  await race(t, [first.url, second.url])
  second.kill('SIGTERM')
  assert.deepEqual(await second.end(), { code: 0, signal: null })
  await endCleanly(place, first)
})

async function startBeside(place: Place) {
  const connection = await findRunning(place.dataDir)
  assert.ok(connection !== null)
  const settings = { DATABASE_URL: databaseUrl(connection), BURSAR_LOG_LEVEL: 'warn' }
  return place.start({ settings })
}

async function race(t: TestContext, urls: readonly string[]): Promise<void> {
  const seed = seedOf(t)
  const model: Model = new Map(CUSTOMERS.map((id) => [id, createOwnedValues(ids, owners)]))
  await prepare(urls[0] ?? '', CUSTOMERS)
  const end = performance.now() + DURATION_MS
  const clients = owners.map((owner, index) =>
    runClient({ owner, model, end, url: urls[index % urls.length] ?? '', seed, index }),
  )
  const counts = await within('the end of all clients', Promise.all(clients))
  t.diagnostic(`${counts.reduce((sum, count) => sum + count, 0)} requests of ${CLIENTS} clients`)
  assert.ok(
    counts.every((count) => count > 0),
    'a client was never served',
  )
  for (const url of urls) await assertModel(url, model)
}

type Client = {
  owner: string
  model: Model
  end: number
  url: string
  seed: number
  index: number
}

/**
 * Writes its own metadata key of random entities, and compares the keys of all in the responses.
 */
async function runClient({ owner, model, end, url, seed, index }: Client): Promise<number> {
  const random = randomFrom(seed, index)
  const client = createClient()
  let count = 0
  try {
    while (performance.now() < end) {
      const batch = randomBatch(random, ids, BATCH_LIMIT)
      const { customerId, values } = pickCustomer(random, model)
      const since = values.bounds(batch)
      const write = values.next(owner, batch)
      const entities = batch.map((id) => ({
        id,
        entityTypeId: 'user',
        metadata: { [owner]: write.patchOf(id) },
      }))
      const outcome = await client.send(url, upsertCall(customerId, entities))
      assert.ok(outcome.kind === 'answer', `${outcome.kind}: ${'why' in outcome && outcome.why}`)
      assert.equal(outcome.status, 200, JSON.stringify(outcome.body))
      assert.deepEqual(
        outcome.body.data.map(({ id }: { id: string }) => id),
        batch,
      )
      for (const { id, metadata } of outcome.body.data) {
        assert.equal(metadata[owner] ?? '', write.patchOf(id), 'an answer without its own write')
        assert.equal(values.complaint(id, metadata, since.get(id) ?? new Map()), null)
      }
      write.done()
      count += 1
    }
    return count
  } finally {
    client.close()
  }
}

function pickCustomer(random: Random, model: Model) {
  const customerId = CUSTOMERS[random.below(CUSTOMERS.length)] ?? ''
  const values = model.get(customerId)
  assert.ok(values !== undefined)
  return { customerId, values }
}

/** Asserts that a server shows what the model predicts. */
async function assertModel(url: string, model: Model): Promise<void> {
  for (const [customerId, values] of model) {
    const found = await readEntities(url, customerId)
    for (const [id, metadata] of found)
      assert.deepEqual(metadata, values.expected(id), `${customerId} ${id}`)
    assert.ok(found.size <= ENTITIES)
    const missing = ids.filter(
      (id) => !found.has(id) && Object.keys(values.expected(id)).length > 0,
    )
    assert.deepEqual(missing, [])
  }
}
