import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/deadline.ts'
import { customerCall, done } from '../support/entity-calls.ts'
import { grantItem } from '../support/grants.ts'
import { ask, type Call, type Json } from '../support/keep-alive-client.ts'
import { endCleanly, openPlace } from '../support/server-process.ts'
import { type Round, workThroughKills } from './callers.ts'
import { assertRefusedWithoutDatabase, KILLS } from './kills.ts'

const CUSTOMERS = ['acme', 'globex']
/** So low that it is sometimes used up, and requests are denied. */
const DAILY_LIMIT = 60
const DIMENSIONS = { userId: 'ann' }

/** Creates customers with a user who has two budgets of tokens, one of them without a limit. */
async function prepare(url: string): Promise<void> {
  const feature = { id: 'tokens', displayName: 'Tokens' }
  const kinds = { featureType: 'NUMBER', meterType: 'INCREMENTAL' }
  await done(url, { method: 'POST', path: '/api/v1/features', body: { ...feature, ...kinds } })
  const types = [{ id: 'user', displayName: 'User', attributionKeys: ['userId'] }]
  await done(url, { method: 'PUT', path: '/api/v1/entity-types', body: { types } })
  for (const id of CUSTOMERS) {
    await done(url, customerCall(id))
    const customer = `/api/v1/customers/${id}`
    const entities = ['ann', 'bob'].map((each) => ({ id: each, entityTypeId: 'user' }))
    await done(url, { method: 'PUT', path: `${customer}/entities`, body: { entities } })
    const promotionalEntitlements = [grantItem('tokens', { hasUnlimitedUsage: true })]
    const path = `${customer}/promotional-entitlements`
    await done(url, { method: 'POST', path, body: { promotionalEntitlements } })
    const entityEntitlements = [
      { entityId: 'ann', featureId: 'tokens', usageLimit: DAILY_LIMIT, cadence: 'P1D' },
    ]
    const budgets = `${customer}/entities/entitlements`
    await done(url, { method: 'PUT', path: budgets, body: { entityEntitlements } })
  }
}

/** Consumes, then reserves an amount and commits a part of it. Returns the recorded amount. */
const use: Round = async (customerId, { name, random, send }) => {
  const path = `/api/v1/customers/${customerId}`
  const body = { featureId: 'tokens', idempotencyKey: name, dimensions: DIMENSIONS }
  const consumed: Json = await send({ path: `${path}/consume`, body: { ...body, amount: 1 } })
  const recorded = consumed.recorded ? 1 : 0
  const held = { ...body, amount: 3, ttlSeconds: 3600 }
  const { reservation }: Json = await send({ path: `${path}/reservations`, body: held })
  if (reservation === null) return recorded
  const amount = random.below(4)
  const settle = `${path}/reservations/${reservation.id}`
  const committed: Json = await send({ path: `${settle}/commit`, body: { amount } })
  assert.ok(committed.recorded)
  return recorded + amount
}

const explain = async (url: string, customerId: string): Promise<Json> => {
  const query = 'featureId=tokens&dimensions[userId]=ann'
  const path = `/api/v1/customers/${customerId}/entitlements/explain?${query}`
  return (await done(url, { method: 'GET', path })).data
}

for (const victim of Object.keys(KILLS))
  test(`after repeated kill -9 of ${victim} under load, each consumption counts once, within its budget`, async (t) => {
    const check = async (url: string, customerId: string, count: number) => {
      const { currentUsage, holds, chains } = await explain(url, customerId)
      assert.deepEqual([currentUsage, holds], [count, 0])
      const [[node]] = chains
      assert.deepEqual([node.currentUsage, node.holds], [count, 0])
      assert.ok(count <= DAILY_LIMIT)
      t.diagnostic(`${count} tokens of ${customerId}`)
    }
    await workThroughKills(t, { victim, customers: CUSTOMERS, prepare, round: use, check })
  })

const CUSTOMER = '/api/v1/customers/acme'
const asked = { featureId: 'tokens', amount: 1 }
const HOT: Readonly<Record<string, (key: string) => Call>> = {
  check: () => ({
    method: 'GET',
    path: `/api/v1-beta${CUSTOMER.slice('/api/v1'.length)}/entitlements/check?featureId=tokens&dimensions[userId]=ann`,
  }),
  consume: (idempotencyKey) => ({
    method: 'POST',
    path: `${CUSTOMER}/consume`,
    body: { ...asked, idempotencyKey },
  }),
  reserve: (idempotencyKey) => ({
    method: 'POST',
    path: `${CUSTOMER}/reservations`,
    body: { ...asked, idempotencyKey },
  }),
  report: (idempotencyKey) => ({
    method: 'POST',
    path: '/api/v1/usage',
    body: {
      usages: [{ customerId: 'acme', featureId: 'tokens', value: 1, idempotencyKey }],
    },
  }),
}

for (const [name, callOf] of Object.entries(HOT))
  test(`without its database the server refuses to ${name}, and recovers by itself`, async (t) => {
    const place = openPlace(t)
    const { url, ...server } = await place.start()
    await prepare(url)
    let sent = 0
    let acknowledged = 0
    const once = async () => {
      sent += 1
      const answer = await ask(url, callOf(`k${sent}`))
      assert.ok([200, 201, 503].includes(answer.status), JSON.stringify(answer.body))
      if (answer.status !== 503) acknowledged += 1
      return answer
    }
    assert.notEqual((await once()).status, 503)
    await assertRefusedWithoutDatabase(place, once)
    await until('an answer', async () => (await once()).status !== 503)
    if (name === 'consume' || name === 'report') {
      const path = `${CUSTOMER}/entitlements/check?featureId=tokens`
      const { data } = await done(url, { method: 'GET', path })
      assert.ok(data.currentUsage >= acknowledged && data.currentUsage <= sent)
    }
    await endCleanly(place, server)
  })
