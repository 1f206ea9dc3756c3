import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../support/deadline.ts'
import { done } from '../support/entity-calls.ts'
import { randomFrom, seedOf } from '../support/random.ts'
import { endCleanly, openPlace, type Place } from '../support/server-process.ts'
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
    post('products', { id: 'more', displayName: 'More' }),
    post('plans', { ...plan, id: 'extra', productId: 'more' }),
    post('plans/extra/publish', { migrationType: 'NEW_CUSTOMERS' }),
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

/** The ids of the objects of events of a type, once for each event. */
async function objectsOf(url: string, type: string): Promise<string[]> {
  const found: string[] = []
  for (let after: string | null = ''; after !== null; ) {
    const cursor = after === '' ? '' : `&after=${after}`
    const path = `/api/v1/events-log?type=${type}&limit=100${cursor}`
    const page = await done(url, { method: 'GET', path })
    found.push(...page.data.map(({ objectId }: { objectId: string }) => objectId))
    after = page.pagination.next
  }
  return found
}

/** Kills the server several times while a task runs. Returns the task at its end. */
async function killedOften(
  t: TestContext,
  { place, running, id }: { place: Place; running: ServerHolder; id: string },
) {
  const task = async () =>
    (await done(running.server.url, { method: 'GET', path: `/api/v1/tasks/${id}` })).data
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
    t.diagnostic(`killed after ${reached} items`)
  }
  const { status, total, ...ended } = await until('the end of the task', async () => {
    const now = await task()
    return now.finishedAt === null ? null : now
  })
  return [status, total, ended.done]
}

test('tasks go on after kill -9, and do each item once', async (t) => {
  const place = openPlace(t)
  const running: ServerHolder = { server: await place.start() }
  const send = (request: ReturnType<typeof post>) => done(running.server.url, request)
  await furnish(running.server.url)
  const publication = await send(publish('ALL_CUSTOMERS'))
  const complete = ['COMPLETED', CUSTOMERS, CUSTOMERS]
  assert.deepEqual(await killedOften(t, { place, running, id: publication.data.taskId }), complete)
  const expected = customers.map((id) => `of-${id}`)
  const { url } = running.server
  assert.deepEqual((await objectsOf(url, 'subscription.updated')).toSorted(), expected.toSorted())
  for (const id of [customers.at(0), customers.at(-1)]) {
    const path = `/api/v1/customers/${id}/entitlements/check?featureId=sso`
    assert.equal((await done(url, { method: 'GET', path })).data.isGranted, true)
  }
  const subscriptions = customers.map((id) => ({
    ...{ id: `import-${id}`, customerId: id, planId: 'extra', metadata: { from: 'elsewhere' } },
  }))
  const started = await send(post('subscriptions/import', { subscriptions }))
  assert.deepEqual(await killedOften(t, { place, running, id: started.data.taskId }), complete)
  const created = await objectsOf(running.server.url, 'subscription.created')
  const all = [...expected, ...subscriptions.map(({ id }) => id)]
  assert.deepEqual(created.toSorted(), all.toSorted())
  assert.equal((await objectsOf(running.server.url, 'subscription.updated')).length, CUSTOMERS)
  await endCleanly(place, running.server)
})
