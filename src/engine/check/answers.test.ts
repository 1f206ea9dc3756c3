import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, FEATURE, openAgency, params } from '../../../test/support/agency.ts'
import { shownChains, verdict } from '../../../test/support/decisions.ts'
import { openWorld } from '../../../test/support/world.ts'
import type { EntitlementChainNode } from '../../api.gen.ts'

const world = await openWorld()

const TOMORROW = '2026-05-19T00:00:00.000Z'
const JUNE = '2026-06-01T00:00:00.000Z'
const left = ({ remaining, holds, resetsAt }: EntitlementChainNode) => [remaining, holds, resetsAt]
const leftOf = ({ chains = [] }: { chains?: EntitlementChainNode[][] }) =>
  chains.map((chain) => chain.map(left))

const LIMITS = { org: null, team: 10, 'ann P1D': 6 }

test('every response shows what is left of each budget, what is held, and when it is reset', async () => {
  const { check, consume, reserve, explain, held, commit } = await openAgency(world, {
    limits: LIMITS,
  })
  const { id } = await held(2, ANN)
  const chain = (ann: number, team: number, holds = 2) => [
    [
      [ann, holds, TOMORROW],
      [team, holds, JUNE],
      [null, holds, JUNE],
    ],
  ]
  assert.deepEqual(leftOf(await check(1, ANN)), chain(4, 8))
  assert.deepEqual(leftOf(await explain(1, ANN)), chain(4, 8))
  assert.deepEqual(leftOf(await consume(3, ANN)), chain(1, 5))
  assert.deepEqual(leftOf(await consume(2, ANN)), chain(1, 5), 'a denial as well')
  assert.deepEqual(leftOf(await reserve(1, ANN)), chain(0, 4, 3))
  assert.deepEqual(leftOf(await commit(id)), chain(0, 4, 1))
})

test('an entity without a budget shows no remaining amount and no reset', async () => {
  const { check } = await openAgency(world, { limits: { 'ann P1D': 6 } })
  const chain = [
    [6, 0, TOMORROW],
    [null, 0, null],
  ]
  assert.deepEqual(leftOf(await check(1, ANN)), [chain])
})

const UNKNOWN = { userId: 'zoe', region: 'eu', modelId: 'nothing' }

test('dimensions whose values name no entity are listed', async () => {
  const { tenant, check, consume, reserve, explain } = await openAgency(world)
  const unresolved = ['userId', 'modelId']
  const mine = { idempotencyKey: 'mine' }
  const answers = [
    await check(1, UNKNOWN),
    await explain(1, UNKNOWN),
    await consume(1, UNKNOWN, mine),
    await reserve(1, UNKNOWN, mine),
  ]
  for (const answer of answers) assert.deepEqual(answer.unresolved, unresolved)
  assert.deepEqual((await check(1, ANN)).unresolved, [])
  assert.deepEqual((await consume(1, {})).unresolved, [])
  assert.equal((await check(1)).unresolved, undefined)
  assert.equal((await consume(1)).unresolved, undefined)
  const entities = [{ id: 'zoe', entityTypeId: 'user' }]
  await tenant.ok('v1Beta.customers.entities.upsert', { params, body: { entities } })
  for (const again of [await consume(1, UNKNOWN, mine), await reserve(1, UNKNOWN, mine)])
    assert.deepEqual([again.replayed, again.unresolved], [true, unresolved], 'as it was then')
})

test('a denial lists dimensions that name no entity, too', async () => {
  const { tenant, consume } = await openAgency(world, { usageLimit: 1 })
  const denied = await consume(2, UNKNOWN)
  assert.equal(verdict(denied), 'RequestedUsageExceedingLimit')
  assert.deepEqual(denied.unresolved, ['userId', 'modelId'])
  const ask = async (id: string, featureId: string) => {
    const body = { featureId, amount: 1, idempotencyKey: 'k', dimensions: UNKNOWN }
    return (await tenant.ok('v1.customers.consume', { params: { id }, body })).data.unresolved
  }
  assert.deepEqual(await ask('acme', 'nothing'), ['userId', 'modelId'])
  assert.deepEqual(await ask('nobody', FEATURE), [])
})

test('a commit returns usage and budgets as of its reservation, in the form of a consumption', async () => {
  const { held, commit, check } = await openAgency(world, { limits: LIMITS })
  const { id } = await held(4, ANN)
  const answer = await commit(id, { amount: 3 })
  assert.equal(verdict(answer), 'granted recorded')
  assert.deepEqual(shownChains(answer), [['ann 3/6', 'team 3/10', 'org 3/∞']])
  const { chains, unresolved, ...figures } = answer
  const seen = await check(1, ANN)
  assert.deepEqual([chains, unresolved], [seen.chains, seen.unresolved])
  assert.ok(figures.type === 'FEATURE')
  assert.deepEqual([figures.currentUsage, figures.usageLimit], [3, 10_000])
  assert.equal(figures.usagePeriodEnd, JUNE)
  const { id: plain } = await held(1)
  assert.equal((await commit(plain)).chains, undefined, 'no dimensions were sent')
})

test('a denied commit shows the budget that denied it', async () => {
  const { held, commit } = await openAgency(world, { limits: LIMITS })
  const { id } = await held(4, ANN)
  const denied = await commit(id, { amount: 8, overage: 'allow_if_available' })
  assert.equal(verdict(denied), 'BudgetExceeded')
  assert.deepEqual(shownChains(denied), [['ann 0/6!', 'team 0/10', 'org 0/∞']])
  const recorded = await commit(id, { amount: 8, overage: 'allow_overdraft' })
  assert.deepEqual(shownChains(recorded), [['ann 8/6', 'team 8/10', 'org 8/∞']])
})

test('a commit after a change of the tree shows the current budgets and their usage', async () => {
  const { held, commit, budget, consume } = await openAgency(world, {
    limits: { team: 10, 'ann P1D': 9 },
  })
  const { id } = await held(4, ANN)
  await budget({ org: 100 })
  await consume(1, ANN)
  const answer = await commit(id)
  assert.deepEqual(shownChains(answer), [['ann 5/9', 'team 5/10', 'org 1/100']])
})
