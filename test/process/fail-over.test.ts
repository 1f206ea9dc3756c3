import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { runCli } from '../support/cli-process.ts'
import { query } from '../support/databases.ts'
import { until } from '../support/deadline.ts'
import { customerCall, done } from '../support/entity-calls.ts'
import { openCluster } from '../support/fail-over.ts'
import { grantItem } from '../support/grants.ts'
import { ask, type Call, type Json } from '../support/keep-alive-client.ts'
import { openPlace } from '../support/server-process.ts'

const LIMIT = 200
const USERS = ['ann', 'bob', 'carl']

/** Servers on one database. All of them serve all requests. */
type Fleet = {
  urls: readonly string[]
  /** Calls all servers one after the other. The result must be right on each of them. */
  each<T>(work: (url: string) => Promise<T>): Promise<T[]>
  /** Sends a write to the first server, which gets all writes. Returns its response. */
  change(call: Call): Promise<Json>
  copy(): Promise<void>
  /** Replaces the database by its copy. The servers keep running. Waits until they are ready. */
  failOver(): Promise<void>
  verify(...args: string[]): ReturnType<typeof runCli>
  query(text: string): ReturnType<typeof query>
}

async function openFleet(t: TestContext, servers: number): Promise<Fleet> {
  const cluster = await openCluster(t)
  const settings = { DATABASE_URL: cluster.url }
  const place = openPlace(t)
  const urls: string[] = []
  for (let count = 0; count < servers; count += 1) urls.push((await place.start({ settings })).url)
  const ready = () =>
    Promise.all(
      urls.map((url) =>
        until('a server that is ready', async () => {
          const call = { method: 'GET', path: '/health/ready', apiKey: null }
          return (await ask(url, call)).status === 200
        }),
      ),
    )
  const first = urls[0] ?? ''
  return {
    urls,
    each: async (work) => {
      const answers = []
      for (const url of urls) answers.push(await work(url))
      return answers
    },
    change: (call) => done(first, call),
    copy: async () => {
      await cluster.copy()
      await ready()
    },
    failOver: async () => {
      await cluster.failOver()
      await ready()
    },
    verify: (...args) => runCli(['verify', ...args], settings),
    query: (text) => query({ connectionString: cluster.url }, text),
  }
}

const customer = (id: string, path = '') => `/api/v1/customers/${id}${path}`

const featureCall = (id: string): Call => ({
  method: 'POST',
  path: '/api/v1/features',
  body: { id, displayName: id, featureType: 'NUMBER', meterType: 'INCREMENTAL' },
})
const grantCall = (id: string, featureId: string): Call => ({
  method: 'POST',
  path: customer(id, '/promotional-entitlements'),
  body: { promotionalEntitlements: [grantItem(featureId, { hasUnlimitedUsage: true })] },
})
const budgetCall = (id: string, entityId: string, usageLimit: number): Call => ({
  method: 'PUT',
  path: customer(id, '/entities/entitlements'),
  body: { entityEntitlements: [{ entityId, featureId: 'tokens', usageLimit, cadence: 'P1D' }] },
})
const usersCall = (id: string, users: readonly string[]): Call => ({
  method: 'PUT',
  path: customer(id, '/entities'),
  body: { entities: users.map((user) => ({ id: user, entityTypeId: 'user' })) },
})

/** Creates a customer whose users consume tokens. */
async function provision({ change }: Fleet, id: string): Promise<void> {
  await change(customerCall(id))
  await change(usersCall(id, USERS))
  await change(grantCall(id, 'tokens'))
}

async function open(t: TestContext, servers: number): Promise<Fleet> {
  const fleet = await openFleet(t, servers)
  const types = [{ id: 'user', displayName: 'User', attributionKeys: ['userId'] }]
  await fleet.change(featureCall('tokens'))
  await fleet.change({ method: 'PUT', path: '/api/v1/entity-types', body: { types } })
  await provision(fleet, 'acme')
  return fleet
}

let keys = 0
/** Returns a consumption with a new deduplication key. */
const useCall = (id: string, userId: string, amount = 1, featureId = 'tokens'): Call => {
  keys += 1
  const dimensions = { userId }
  return {
    method: 'POST',
    path: customer(id, '/consume'),
    body: { featureId, amount, idempotencyKey: `use-${keys}`, dimensions },
  }
}
const use = async (url: string, ...of: Parameters<typeof useCall>): Promise<Json> =>
  (await done(url, useCall(...of))).data

const usageCall = (customerId: string, featureId = 'tokens'): Call => {
  keys += 1
  const usage = { customerId, featureId, value: 1, dimensions: { userId: 'ann' } }
  return {
    method: 'POST',
    path: '/api/v1/usage',
    body: { usages: [{ ...usage, idempotencyKey: `usage-${keys}` }] },
  }
}
const checkCall = (id: string): Call => ({
  method: 'GET',
  path: customer(id, '/entitlements/check?featureId=tokens&dimensions[userId]=ann'),
})

/** Asserts that all stored usage agrees with the records that were not lost. */
async function assertAgrees({ verify }: Fleet): Promise<void> {
  const { code, stdout, stderr } = await verify()
  assert.equal(code, 0, `${stdout}${stderr}`)
}

for (const servers of [1, 2]) {
  const on = servers === 1 ? 'on one server' : `on ${servers} servers`

  test(`a raised budget that is lost in a fail-over grants nothing, ${on}`, async (t) => {
    const fleet = await open(t, servers)
    const { each, change } = fleet
    await change(budgetCall('acme', 'ann', LIMIT))
    await each((url) => use(url, 'acme', 'ann'))
    await fleet.copy()
    await change(budgetCall('acme', 'ann', 5 * LIMIT))
    await each((url) => use(url, 'acme', 'ann', LIMIT / 2))
    await fleet.failOver()
    // Other changes, as many as were lost.
    await change(budgetCall('acme', 'bob', 1))
    for (let granted = servers; granted <= LIMIT; ) {
      const [{ isGranted }] = [await use(fleet.urls[granted % servers] ?? '', 'acme', 'ann', 9)]
      if (!isGranted) break
      granted += 9
      assert.ok(granted <= LIMIT, `${granted} of ${LIMIT} were granted`)
    }
    for (const { chains } of await each((url) => use(url, 'acme', 'ann', LIMIT))) {
      const [[node]] = chains
      assert.equal(node.usageLimit, LIMIT)
      assert.ok(node.currentUsage <= LIMIT, `${node.currentUsage} of ${LIMIT} are used`)
    }
    await assertAgrees(fleet)
  })

  test(`no usage counts for a budget or feature that was lost in a fail-over, ${on}`, async (t) => {
    const fleet = await open(t, servers)
    const { each, change } = fleet
    await each((url) => use(url, 'acme', 'bob'))
    await fleet.copy()
    await change(budgetCall('acme', 'bob', LIMIT))
    await change(featureCall('chars'))
    await change(grantCall('acme', 'chars'))
    await each((url) => use(url, 'acme', 'bob'))
    await each((url) => use(url, 'acme', 'bob', 1, 'chars'))
    await fleet.failOver()
    await change(budgetCall('acme', 'carl', LIMIT))
    await change(featureCall('words'))
    await change(grantCall('acme', 'words'))
    for (const { isGranted, chains } of await each((url) => use(url, 'acme', 'bob')))
      assert.deepEqual(
        [isGranted, chains.flat().filter((node: Json) => node.usageLimit)],
        [true, []],
      )
    for (const url of fleet.urls) {
      assert.equal((await use(url, 'acme', 'bob', 1, 'chars')).isGranted, false)
      assert.equal((await ask(url, usageCall('acme', 'chars'))).status, 404)
    }
    await change(featureCall('chars'))
    await change(grantCall('acme', 'chars'))
    const used = await each((url) => use(url, 'acme', 'bob', 1, 'chars'))
    assert.equal(used.at(-1).currentUsage, servers)
    await assertAgrees(fleet)
  })

  test(`a customer that was lost in a fail-over is unknown and can be created again, ${on}`, async (t) => {
    const fleet = await open(t, servers)
    const { each, change, urls } = fleet
    await fleet.copy()
    await provision(fleet, 'globex')
    await change(budgetCall('globex', 'ann', LIMIT))
    await each((url) => use(url, 'globex', 'ann'))
    await each((url) => done(url, usageCall('globex')))
    await each((url) => done(url, checkCall('globex')))
    await fleet.failOver()
    for (const url of urls) {
      assert.equal((await ask(url, usageCall('globex'))).status, 404)
      assert.equal((await use(url, 'globex', 'ann')).accessDeniedReason, 'CustomerNotFound')
    }
    await provision(fleet, 'globex')
    await change(budgetCall('globex', 'ann', 2 * servers))
    await each((url) => done(url, usageCall('globex')))
    for (const { isGranted } of await each((url) => use(url, 'globex', 'ann')))
      assert.equal(isGranted, true)
    for (const { data } of await each((url) => done(url, checkCall('globex')))) {
      const [[node]] = data.chains
      assert.deepEqual([node.currentUsage, node.usageLimit], [2 * servers, 2 * servers])
      assert.equal(data.isGranted, false)
    }
    const trimming = await fleet.query(`select kind from due_work where kind = 'usage.trim'`)
    assert.equal(trimming.length, 1, 'what was scheduled by the first usage is scheduled again')
    await assertAgrees(fleet)
  })
}

test('a state that was lost in a fail-over is never met by an older one, whichever server is asked', async (t) => {
  const fleet = await open(t, 2)
  const { each, change, urls } = fleet
  const [first = '', second = ''] = urls
  const tokenOf = async (url: string, call: Call): Promise<string> => {
    const { status, headers } = await ask(url, call)
    assert.ok(status < 300, `${call.path}: ${status}`)
    return String(headers['bursar-state'])
  }
  const since = (token: string, call: Call): Call => ({
    ...call,
    headers: { 'bursar-at-least': token, 'bursar-max-staleness-ms': '60000' },
  })
  await change(budgetCall('acme', 'ann', LIMIT))
  const kept = await tokenOf(first, useCall('acme', 'ann', 3))
  await fleet.copy()
  await each((url) => done(url, since(kept, checkCall('acme'))))
  const renamed: Call = { method: 'PATCH', path: customer('acme'), body: { name: 'renamed' } }
  const lost = [
    await tokenOf(first, renamed),
    await tokenOf(first, useCall('acme', 'ann', 5)),
    await tokenOf(second, customerCall('globex')),
  ]
  const [afterName = '', afterUse = '', afterCustomer = ''] = lost
  await fleet.failOver()
  const read = (id: string): Call => ({ method: 'GET', path: customer(id) })
  const calls = [checkCall('acme'), read('acme'), useCall('acme', 'ann', 7), usageCall('acme')]
  for (const url of urls) {
    for (const call of calls)
      for (const token of [afterName, afterUse]) {
        const { status, body } = await ask(url, since(token, call))
        assert.deepEqual([status, body.code], [503, null], call.path)
        assert.match(body.message, /Leave the header out/)
      }
    for (const call of [checkCall('globex'), read('globex'), useCall('globex', 'ann')])
      assert.equal((await ask(url, since(afterCustomer, call))).status, 503)
    const { data } = await done(url, since(kept, checkCall('acme')))
    assert.equal(data.currentUsage, 3)
  }
  // The state of a server that has not noticed the fail-over would be from before this use.
  const later = await tokenOf(first, useCall('acme', 'ann', 11))
  for (const { data } of await each((url) => done(url, since(later, checkCall('acme')))))
    assert.equal(data.currentUsage, 14)
  await assertAgrees(fleet)
})
