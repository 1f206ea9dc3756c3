import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, ANN_ON_GPT, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { openTwoServers, openWorld, openWorldApart, type Tenant } from '../../test/support/world.ts'
import { sql } from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'

const world = await openWorld()
const silent = await openWorld({ BURSAR_DECISION_ROWS: '0' })

const MINUTE_MS = 60_000

const denials = async (tenant: Tenant, query: Record<string, string> = {}) =>
  (await tenant.ok('v1.decisions.list', { query })).data
const latest = async (tenant: Tenant) => {
  const [first] = await denials(tenant)
  assert.ok(first)
  const of = { params: { decisionId: first.id } }
  return (await tenant.ok('v1.decisions.retrieve', of)).data
}

test('a denial is kept with the explanation of its moment, whatever is changed afterwards', async () => {
  const { tenant, check, consume, reserve, report, explain, budget } = await openAgency(world)
  await report(20, { ...ANN, modelId: 'nothing' })
  const asked = [
    ['CHECK', check],
    ['CONSUME', consume],
    ['RESERVE', reserve],
  ] as const
  for (const [kind, ask] of asked) {
    const then = await explain(40, ANN_ON_GPT)
    assert.equal((await ask(40, ANN_ON_GPT)).isGranted, false)
    assert.deepEqual((await latest(tenant)).explanation, then, kind)
    await report(1, ANN)
    await budget({ team: 300 })
    const { kind: kept, explanation } = await latest(tenant)
    assert.equal(kept, kind)
    assert.deepEqual(explanation, then, kind)
  }
})

test('a denial says what was asked, by whom, and which budget denied', async () => {
  const { tenant, consume } = await openAgency(world)
  await consume(31, ANN_ON_GPT)
  const { data } = await tenant.ok('v1Beta.customers.assignments.list', { params })
  const ann = data.find(({ entityId }) => entityId === 'ann')
  const { explanation: _, id: __, traceId, actor, ...kept } = await latest(tenant)
  const now = instantToWire(world.clock.now())
  assert.deepEqual(kept, {
    kind: 'CONSUME',
    isGranted: false,
    accessDeniedReason: 'BudgetExceeded',
    customerId: params.id,
    resourceId: null,
    featureId: FEATURE,
    currencyId: null,
    entityId: 'ann',
    entityIds: ['ann', 'team', 'org'],
    budgetIds: [ann?.id],
    request: { requestedUsage: 31, requestedValues: null, dimensions: ANN_ON_GPT },
    count: 1,
    decidedAt: now,
    lastAt: now,
  })
  assert.equal(actor.kind, 'API_KEY')
  assert.notEqual(traceId, null)
})

test('checks that are denied alike within a minute are one decision with the first explanation', async () => {
  const { tenant, check, explain } = await openAgency(world)
  const first = await explain(31, ANN)
  for (const amount of [31, 50, 40]) await check(amount, ANN)
  await check(20_000)
  assert.deepEqual(
    (await denials(tenant)).map(({ count, entityId }) => [count, entityId]),
    [
      [1, null],
      [3, 'ann'],
    ],
  )
  await check(31, ANN)
  const counts = async () => (await denials(tenant, { entityId: 'ann' })).map(({ count }) => count)
  assert.deepEqual(await counts(), [4], 'a count also grows after the decision was written')
  world.clock.moveTo(world.clock.now() + MINUTE_MS)
  await check(31, ANN)
  assert.deepEqual(await counts(), [1, 4])
  const id = (await denials(tenant, { entityId: 'ann' })).at(1)?.id ?? ''
  const kept = await tenant.ok('v1.decisions.retrieve', { params: { decisionId: id } })
  assert.deepEqual(kept.data.explanation, first)
})

test('consumptions are kept one by one, up to twenty alike within a minute', async () => {
  const { tenant, consume, reserve } = await openAgency(world)
  for (let index = 0; index < 23; index += 1) await consume(31, ANN)
  for (let index = 0; index < 2; index += 1) await reserve(31, ANN)
  const counts = async (kind: string) =>
    (await denials(tenant, { kind, limit: '100' })).map(({ count }) => count)
  assert.deepEqual(await counts('RESERVE'), [1, 1])
  const consumed = await counts('CONSUME')
  assert.equal(consumed.length, 20)
  assert.deepEqual(consumed.toSorted(), [...Array(19).fill(1), 4])
})

test('grants, explanations and repetitions are not kept', async () => {
  const { tenant, check, consume, explain } = await openAgency(world)
  await check(1, ANN)
  await consume(1, ANN)
  await explain(5000, ANN)
  assert.deepEqual(await denials(tenant), [])
  const once = { idempotencyKey: 'once' }
  assert.equal((await consume(31, ANN, once)).replayed, false)
  assert.equal((await consume(31, ANN, once)).replayed, true)
  assert.deepEqual(
    (await denials(tenant)).map(({ count }) => count),
    [1],
  )
})

test('usage that is recorded in spite of a denial is a denial as well', async () => {
  const { tenant, consume } = await openAgency(world)
  const answer = await consume(31, ANN, { mode: 'record' })
  assert.deepEqual([answer.isGranted, answer.recorded], [false, true])
  const { explanation } = await latest(tenant)
  const [ann] = explanation?.chains[0] ?? []
  assert.deepEqual([ann?.currentUsage, ann?.remaining], [0, 30], 'as before it was recorded')
})

test('a denial of an unknown customer, feature or currency is kept under the name that was sent', async () => {
  const { tenant } = await openAgency(world)
  const use = { amount: 1, idempotencyKey: 'x' }
  await tenant.ok('v1.customers.consume', {
    params: { id: 'nobody' },
    body: { ...use, featureId: FEATURE },
  })
  await tenant.ok('v1.customers.consume', { params, body: { ...use, featureId: 'nothing' } })
  await tenant.ok('v1.credits.customCurrencies.create', {
    body: { id: 'gems', displayName: 'G', units: { singular: 'gem', plural: 'gems' } },
  })
  await tenant.ok('v1.customers.consume', { params, body: { ...use, currencyId: 'gems' } })
  assert.deepEqual(
    (await denials(tenant)).map((each) => [
      ...[each.customerId, each.featureId, each.currencyId, each.accessDeniedReason],
    ]),
    [
      [params.id, null, 'gems', 'InsufficientCredits'],
      [params.id, 'nothing', null, 'FeatureNotFound'],
      ['nobody', FEATURE, null, 'CustomerNotFound'],
    ],
  )
  assert.equal((await denials(tenant, { customerId: 'nobody' })).length, 1)
})

test('filters by customer, entity, feature, budget, kind, reason and time can be combined', async () => {
  const limits = { org: 1000, team: 200, 'ann P1D': 30, 'bob P1D': 50 }
  const { tenant, check, consume } = await openAgency(world, { limits })
  await consume(31, ANN)
  await consume(51, { userId: 'bob', modelId: 'gpt' })
  world.clock.moveTo(world.clock.now() + MINUTE_MS)
  const later = instantToWire(world.clock.now())
  await check(20_000)
  const found = async (query: Record<string, string>) =>
    (await denials(tenant, query)).map(({ request }) => request?.requestedUsage)
  assert.deepEqual(await found({}), [20_000, 51, 31])
  assert.deepEqual(await found({ entityId: 'team' }), [51, 31])
  assert.deepEqual(await found({ entityId: 'ann' }), [31])
  assert.deepEqual(await found({ kind: 'CHECK' }), [20_000])
  assert.deepEqual(await found({ reason: 'BudgetExceeded', entityId: 'org' }), [51, 31])
  assert.deepEqual(await found({ 'decidedAt[gte]': later }), [20_000])
  assert.deepEqual(await found({ 'decidedAt[lt]': later, kind: 'CHECK' }), [])
  assert.deepEqual(await found({ featureId: FEATURE, customerId: params.id }), [20_000, 51, 31])
  assert.deepEqual(await found({ currencyId: FEATURE }), [])
  const [bob] = await denials(tenant, { entityId: 'gpt' })
  assert.equal(bob, undefined, 'a scope is not on the path')
  const [budgetId = ''] = (await denials(tenant, { entityId: 'bob' })).flatMap(
    ({ budgetIds }) => budgetIds,
  )
  assert.deepEqual(await found({ budgetId }), [51])
  assert.deepEqual(await found({ budgetId: budgetId.toUpperCase() }), [51])
})

test('an explanation or a request that is too large is left out', async () => {
  const { tenant, consume } = await openAgency(world)
  await consume(31, { ...ANN, note: 'x'.repeat(20_000) })
  const { request, explanation } = await latest(tenant)
  assert.equal(request, null)
  assert.notEqual(explanation, null)
})

test('without rows nothing is kept', async () => {
  const { tenant, check, consume } = await openAgency(silent)
  await check(31, ANN)
  await consume(31, ANN)
  assert.deepEqual(await denials(tenant), [])
})

test('two servers keep one decision of checks that they deny alike', async () => {
  const [first, second] = await openTwoServers()
  const { tenant, check } = await openAgency(first)
  const other = tenant.through(second)
  const query = { featureId: FEATURE, requestedUsage: '31', 'dimensions[userId]': 'ann' }
  for (let index = 0; index < 3; index += 1)
    await Promise.all([
      check(31, ANN),
      other.ok('v1.customers.checkEntitlement', { params, query }),
      first.bursar.decisionWriter.flush(),
      second.bursar.decisionWriter.flush(),
    ])
  await Promise.all([denials(tenant), denials(other)])
  assert.deepEqual(
    (await denials(tenant)).map(({ count }) => count),
    [6],
  )
})

test('denials are bounded in number and age, and trimming ends when nothing is left', async () => {
  const apart = await openWorldApart({
    BURSAR_DECISION_ROWS: '3',
    BURSAR_DECISION_RETENTION_DAYS: '5',
  })
  const { tenant, consume } = await openAgency(apart)
  for (const amount of [31, 32, 33, 34, 35]) await consume(amount, ANN)
  const kept = async () =>
    (await denials(tenant)).map(({ request }) => request?.requestedUsage).toSorted()
  assert.equal((await kept()).length, 5)
  const wait = async (ms: number) => {
    apart.clock.moveTo(apart.clock.now() + ms)
    await apart.bursar.jobs.runNow()
  }
  await wait(MINUTE_MS)
  assert.deepEqual(await kept(), [33, 34, 35])
  await wait(5 * 86_400_000 - MINUTE_MS)
  assert.deepEqual(await kept(), [33, 34, 35], 'exactly five days old')
  const trims = () =>
    apart.bursar.app.db.read.many(
      ({ due_at }) => due_at,
      sql`select due_at from due_work where kind = 'decisions.trim'`,
    )
  assert.equal((await trims()).length, 1)
  await wait(MINUTE_MS)
  assert.deepEqual([await kept(), await trims()], [[], []])
})
