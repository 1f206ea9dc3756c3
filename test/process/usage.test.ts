import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/deadline.ts'
import { customerCall, done } from '../support/entity-calls.ts'
import { grantItem } from '../support/grants.ts'
import { ask } from '../support/keep-alive-client.ts'
import { endCleanly, openPlace } from '../support/server-process.ts'
import { type Round, workThroughKills } from './callers.ts'
import { assertRefusedWithoutDatabase, KILLS } from './kills.ts'

const CUSTOMERS = ['acme', 'globex']
const METER = { aggregation: { function: 'COUNT' }, filters: [] }

/** Creates customers with two granted features: usage of one is reported, the other has a meter. */
async function prepare(url: string): Promise<void> {
  const feature = { featureType: 'NUMBER', meterType: 'INCREMENTAL' }
  for (const id of ['reported', 'counted']) {
    const body = { id, displayName: id, ...feature }
    await done(url, { method: 'POST', path: '/api/v1/features', body })
  }
  await done(url, { method: 'PATCH', path: '/api/v1/features/counted', body: { meter: METER } })
  for (const id of CUSTOMERS) {
    await done(url, customerCall(id))
    const path = `/api/v1/customers/${id}/promotional-entitlements`
    const promotionalEntitlements = ['reported', 'counted'].map((featureId) =>
      grantItem(featureId, { hasUnlimitedUsage: true }),
    )
    await done(url, { method: 'POST', path, body: { promotionalEntitlements } })
  }
}

/** Sends equally many reports and raw events. */
const report: Round = async (customerId, { name, random, send }) => {
  const keys = Array.from({ length: 1 + random.below(4) }, (_, n) => `${name}-${n}`)
  const usages = keys.map((idempotencyKey) => ({
    customerId,
    featureId: 'reported',
    value: 1,
    idempotencyKey,
  }))
  const events = keys.map((idempotencyKey) => ({ customerId, eventName: 'e', idempotencyKey }))
  await send({ path: '/api/v1/usage', body: { usages } })
  await send({ path: '/api/v1/events', body: { events } })
  return keys.length
}

/** Returns the usage computed in three ways, which must agree: from total, days and records. */
async function usageOf(url: string, customerId: string, featureId: string): Promise<number[]> {
  const history = `/api/v1/usage/${customerId}/history/${featureId}?startDate=2020-01-01T00:00:00Z`
  const last = async (path: string): Promise<number> => {
    const { data } = await done(url, { method: 'GET', path })
    return data.series[0].points.at(-1).value
  }
  const check = `/api/v1/customers/${customerId}/entitlements/check?featureId=${featureId}`
  const { data } = await done(url, { method: 'GET', path: check })
  return [data.currentUsage, await last(history), await last(`${history}&groupBy=nothing`)]
}

for (const victim of Object.keys(KILLS))
  test(`after repeated kill -9 of ${victim} under load, each report counts once`, async (t) => {
    const check = async (url: string, customerId: string, count: number) => {
      for (const feature of ['reported', 'counted'])
        assert.deepEqual(await usageOf(url, customerId, feature), [count, count, count])
      t.diagnostic(`${count} reports and events of ${customerId}`)
    }
    await workThroughKills(t, { victim, customers: CUSTOMERS, prepare, round: report, check })
  })

test('without its database the server refuses reports at once, and recovers by itself', async (t) => {
  const place = openPlace(t)
  const { url, ...server } = await place.start()
  await prepare(url)
  const report = () =>
    ask(url, {
      method: 'POST',
      path: '/api/v1/usage',
      body: { usages: [{ customerId: 'acme', featureId: 'reported', value: 1 }] },
    })
  assert.equal((await report()).status, 201)
  await assertRefusedWithoutDatabase(place, report)
  await until('a report that is taken', async () => (await report()).status === 201)
  await endCleanly(place, server)
})
