import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { customerCall, done } from '../support/entity-calls.ts'
import { grantItem } from '../support/grants.ts'
import { ask, type Call, createClient } from '../support/keep-alive-client.ts'
import { randomFrom, seedOf } from '../support/random.ts'
import { endCleanly, openPlace } from '../support/server-process.ts'

const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 3)
/** The number of customers, who are granted all features at once in each round. */
const CUSTOMERS = 24
const FEATURES = Array.from({ length: 20 }, (_, index) => `feature-${index}`)
/**
 * A kill comes after a random delay of up to so many milliseconds, during any step of a request.
 */
const SPREAD_MS = 500

const grantsOf = (customerId: string): string =>
  `/api/v1/customers/${customerId}/promotional-entitlements`
const grantCall = (customerId: string): Call => ({
  method: 'POST',
  path: grantsOf(customerId),
  body: { promotionalEntitlements: FEATURES.map((id) => grantItem(id, { period: '1 month' })) },
})
const featureCall = (id: string): Call => ({
  method: 'POST',
  path: '/api/v1/features',
  body: { id, displayName: id, featureType: 'BOOLEAN' },
})

/** Returns how many features a customer has by the list, by checks and by the events. */
async function countsOf(url: string, customerId: string): Promise<number[]> {
  const get = (path: string) => done(url, { method: 'GET', path })
  const granted = 'promotional_entitlement.granted'
  const log = `/api/v1/events-log?customerId=${customerId}&type=${granted}&limit=100`
  const [listed, held, announced] = await Promise.all([
    get(`${grantsOf(customerId)}?status=Active&limit=100`),
    get(`/api/v1/customers/${customerId}/entitlements`),
    get(log),
  ])
  return [listed.data.length, held.data.entitlements.length, announced.data.length]
}

test('after kill -9, each grant request has been executed completely, with its events, or not at all', async (t) => {
  const place = openPlace(t)
  let server = await place.start()
  for (const id of FEATURES) await done(server.url, featureCall(id))
  const random = randomFrom(seedOf(t), 0)
  let acknowledged = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const ids = Array.from({ length: CUSTOMERS }, (_, index) => `customer-${round}-${index}`)
    for (const id of ids) await done(server.url, customerCall(id))
    const client = createClient(CUSTOMERS)
    const { url } = server
    const answers = ids.map((id) => client.send(url, grantCall(id)))
    await delay(random.below(SPREAD_MS))
    server.kill('SIGKILL')
    const outcomes = await Promise.all(answers)
    client.close()
    await server.end()
    server = await place.start()
    for (const [index, id] of ids.entries()) {
      const outcome = outcomes[index]
      const isAcknowledged = outcome?.kind === 'answer' && outcome.status === 201
      if (isAcknowledged) acknowledged += 1
      const [count = 0, ...others] = await countsOf(server.url, id)
      assert.ok(count === FEATURES.length || (count === 0 && !isAcknowledged), `${id}: ${count}`)
      assert.deepEqual(others, [count, count], id)
      const again = await ask(server.url, grantCall(id))
      assert.equal(again.status, count === 0 ? 201 : 409)
    }
  }
  t.diagnostic(`${acknowledged} of ${ROUNDS * CUSTOMERS} requests were acknowledged`)
  await endCleanly(place, server)
})
