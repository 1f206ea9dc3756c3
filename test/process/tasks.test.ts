import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../support/deadline.ts'
import { done } from '../support/entity-calls.ts'
import { randomFrom, seedOf } from '../support/random.ts'
import { endCleanly, openPlace } from '../support/server-process.ts'
import { KILLS, type ServerHolder } from './kills.ts'

const CUSTOMERS = 300
/** How often the server is killed while the task runs. */
const ROUNDS = 3
/** A kill comes after a random delay of up to so many milliseconds, in the middle of an item. */
const SPREAD_MS = 30
const AT_ONCE = 6

const post = (path: string, body: object = {}) => ({
  method: 'POST',
  path: `/api/v1/${path}`,
  body,
})
const publish = (migrationType: string) => post('plans/pro/publish', { migrationType })
const customers = Array.from({ length: CUSTOMERS }, (_, index) => `customer-${index}`)

/** Subscribes all customers to a plan, and opens a draft that gives something. */
async function furnish(url: string): Promise<void> {
  const plan = { id: 'pro', productId: 'app', displayName: 'Pro', pricingType: 'PAID' }
  const sso = { id: 'sso', displayName: 'SSO', featureType: 'BOOLEAN' }
  for (const call of [
    post('features', sso),
    post('products', { id: 'app', displayName: 'App' }),
    post('plans', plan),
    publish('NEW_CUSTOMERS'),
    post('customers/import', { customers: customers.map((id) => ({ id, name: id, email: null })) }),
  ])
    await done(url, call)
  const waiting = [...customers]
  const provision = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop())
      await done(url, post('subscriptions', { customerId: id, planId: 'pro', id: `of-${id}` }))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, provision))
  await done(url, post('plans/pro/draft'))
  await done(
    url,
    post('plans/pro/entitlements', { entitlements: [{ id: 'sso', type: 'FEATURE' }] }),
  )
}

/** The ids of the subscriptions that were updated, once for each event. */
async function updates(url: string): Promise<string[]> {
  const found: string[] = []
  for (let after: string | null = ''; after !== null; ) {
    const cursor = after === '' ? '' : `&after=${after}`
    const path = `/api/v1/events-log?type=subscription.updated&limit=100${cursor}`
    const page = await done(url, { method: 'GET', path })
    found.push(...page.data.map(({ objectId }: { objectId: string }) => objectId))
    after = page.pagination.next
  }
  return found
}

test('a task goes on after kill -9, and moves each subscription once', async (t) => {
  const place = openPlace(t)
  const running: ServerHolder = { server: await place.start() }
  await furnish(running.server.url)
  const { data } = await done(running.server.url, publish('ALL_CUSTOMERS'))
  const task = async () =>
    (await done(running.server.url, { method: 'GET', path: `/api/v1/tasks/${data.taskId}` })).data
  const random = randomFrom(seedOf(t), 0)
  let reached = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    await until('progress of the task', async () => {
      const { done: now, finishedAt } = await task()
      return now > reached || finishedAt !== null
    })
    await delay(random.below(SPREAD_MS))
    await KILLS['the server']?.(place, running)
    reached = (await task()).done
    t.diagnostic(`killed after ${reached} customers`)
  }
  const {
    status,
    total,
    done: moved,
  } = await until('the end of the task', async () => {
    const now = await task()
    return now.finishedAt === null ? null : now
  })
  assert.deepEqual([status, total, moved], ['COMPLETED', CUSTOMERS, CUSTOMERS])
  const expected = customers.map((id) => `of-${id}`)
  assert.deepEqual((await updates(running.server.url)).toSorted(), expected.toSorted())
  for (const id of [customers.at(0), customers.at(-1)]) {
    const path = `/api/v1/customers/${id}/entitlements/check?featureId=sso`
    assert.equal((await done(running.server.url, { method: 'GET', path })).data.isGranted, true)
  }
  await endCleanly(place, running.server)
})
