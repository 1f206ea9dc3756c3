import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import type { Request } from '../../test/support/contract-client.ts'
import { parsePrometheusText } from '../../test/support/prometheus-text.ts'
import { stateTokensOf } from '../../test/support/state-tokens.ts'
import { openTwoServers, type World } from '../../test/support/world.ts'
import { engine } from '../handlers.ts'

type Agency = Awaited<ReturnType<typeof openAgency>>
type Response = { headers: Record<string, unknown> }

const [writing, other] = await openTwoServers({ BURSAR_STATE_CACHE_MB: '128' })

const request: Request = { params, query: { featureId: FEATURE, 'dimensions[userId]': 'ann' } }

async function open() {
  const agency = await openAgency(writing)
  const tokens = await stateTokensOf(writing, agency.tenant)
  /** Returns the usage that a check shows, its token, and how often the database was asked. */
  const check = async (server: World, headers: Record<string, string> = {}) => {
    const { versionQueries: before } = engine.counts(server.bursar.app)
    const tenant = agency.tenant.through(server)
    const id = 'v1Beta.customers.entitlements.check'
    const answer = await tenant.call(id, { ...request, headers })
    assert.equal(answer.status, 200, answer.text)
    const data = answer.success?.data
    assert.ok(data?.type === 'FEATURE')
    const queries = engine.counts(server.bursar.app).versionQueries - before
    const token = String(answer.headers['bursar-state'])
    return { usage: data.currentUsage, token, queries }
  }
  const stale = (server: World, token?: string) =>
    check(server, {
      'bursar-max-staleness-ms': '60000',
      ...(token !== undefined && { 'bursar-at-least': token }),
    })
  return { ...agency, check, stale, tokens }
}

test('a check that accepts an older state is not older than its token', async () => {
  const { report, check, stale } = await open()
  await report(3, ANN)
  await check(other)
  await report(4, ANN)
  const { token } = await check(writing)
  const old = await stale(other)
  assert.deepEqual([old.usage, old.queries], [3, 0])
  const now = await stale(other, token)
  assert.deepEqual([now.usage, now.queries, now.token], [7, 1, token])
  // What was read for the token is in memory now.
  assert.deepEqual(await stale(other, token), { usage: 7, queries: 0, token })
  assert.deepEqual(await stale(other, old.token), { usage: 7, queries: 0, token })
})

test('a change of the environment alone makes a state older than a token', async () => {
  const { tenant, check, stale, tokens } = await open()
  await check(other)
  await tenant.ok('v1.environment.settings.update', { body: { unknownDimensions: 'deny' } })
  const { token } = await check(writing)
  const { queries } = await stale(other, token)
  assert.equal(queries, 1)
  const [before, after] = [(await stale(other)).token, token]
  assert.equal(before, after)
  assert.ok(tokens.sequencesIn(params.id, token).environment > 0)
})

test('a token of another run of the database is compared with the database, not with memory', async () => {
  const { check, stale, tokens } = await open()
  const { token } = await check(writing)
  assert.equal((await stale(writing, token)).queries, 0)
  const before = tokens.make(params.id, { customer: 0, environment: 0 })
  assert.equal((await stale(writing, before)).queries, 1)
})

test('a use with a token is written at once if memory is new enough', async () => {
  const { consume, tenant, tokens, stale } = await open()
  const use = async (token: string) => {
    const { app } = writing.bursar
    const before = { ...engine.memoryOf(app).commits }
    const body = { featureId: FEATURE, amount: 1, idempotencyKey: token, dimensions: ANN }
    const headers = { 'bursar-at-least': token }
    const { status, headers: sent } = await tenant.call('v1.customers.consume', {
      params,
      body,
      headers,
    })
    const { atOnce, locked } = engine.memoryOf(app).commits
    const ways = { atOnce: atOnce - before.atOnce, locked: locked - before.locked }
    return { status, ...ways, token: String(sent['bursar-state']) }
  }
  for (const _ of ['first', 'second']) await consume(1, ANN)
  const { token } = await stale(writing)
  const written = await use(token)
  assert.deepEqual(written, { status: 200, atOnce: 1, locked: 0, token: written.token })
  const [before, after] = [token, written.token].map((each) => tokens.sequencesIn(params.id, each))
  assert.deepEqual(after, { ...before, customer: (before?.customer ?? 0) + 1 })
  assert.equal((await stale(writing, written.token)).token, written.token)
  const lost = tokens.make(params.id, { customer: (after?.customer ?? 0) + 1, environment: 0 })
  const refused = await use(lost)
  assert.deepEqual([refused.status, refused.atOnce], [503, 0])
})

test('each request that is refused because of its token is counted once', async () => {
  const { consume, check, tokens, tenant } = await open()
  await consume(1, ANN)
  const lost = tokens.make(params.id, { customer: 1_000_000, environment: 0 })
  const headers = { 'bursar-at-least': lost }
  const refusals = async () => {
    const { body } = await writing.bursar.server.inject({ method: 'GET', url: '/metrics' })
    const name = 'bursar_state_token_refusals_total'
    return Number(parsePrometheusText(body).get(name)?.samples[0]?.value)
  }
  const before = await refusals()
  const body = { featureId: FEATURE, amount: 1, idempotencyKey: 'k', dimensions: ANN }
  const { status: ofCheck } = await tenant.call('v1Beta.customers.entitlements.check', {
    ...request,
    headers,
  })
  const { status: ofUse } = await tenant.call('v1.customers.consume', { params, body, headers })
  const { status: ofRead } = await tenant.call('v1.customers.retrieve', { params, headers })
  assert.deepEqual([ofCheck, ofUse, ofRead], [503, 503, 503])
  assert.equal(await refusals(), before + 3)
  await check(writing, { 'bursar-at-least': (await check(writing)).token })
  assert.equal(await refusals(), before + 3)
})

const ENTITY_READS: [string, (tenant: Agency['tenant']) => Promise<Response>][] = [
  [
    'an entity',
    (tenant) =>
      tenant.call('v1Beta.customers.entities.retrieve', { params: { ...params, entityId: 'ann' } }),
  ],
  ['a list of entities', (tenant) => tenant.call('v1Beta.customers.entities.list', { params })],
  [
    'an empty page of entities',
    (tenant) =>
      tenant.call('v1Beta.customers.entities.list', { params, query: { entityTypeId: 'none' } }),
  ],
]

for (const [name, read] of ENTITY_READS)
  test(`the token of ${name} is that of the state that it was read with`, async () => {
    const { tenant, tokens } = await open()
    const tokenOf = async () => String((await read(tenant)).headers['bursar-state'])
    const before = tokens.sequencesIn(params.id, await tokenOf())
    const { headers } = await tenant.call('v1Beta.customers.entities.upsert', {
      params,
      body: { entities: [{ id: 'ann', displayName: 'Ann' }] },
    })
    assert.equal(await tokenOf(), headers['bursar-state'])
    assert.deepEqual(tokens.sequencesIn(params.id, await tokenOf()), {
      ...before,
      customer: before.customer + 1,
    })
  })
