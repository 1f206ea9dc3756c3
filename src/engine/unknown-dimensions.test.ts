import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, openAgency, params } from '../../test/support/agency.ts'
import { shownChains, verdict } from '../../test/support/decisions.ts'
import { grantItem, grantTo } from '../../test/support/grants.ts'
import { openWorld } from '../../test/support/world.ts'

const world = await openWorld()

/** One value names no entity, one names an entity, and one dimension is no attribution key. */
const UNKNOWN = { userId: 'zoe', teamId: 'team', region: 'eu' }
const DENIED = 'EntitlementNotFound'

type Choice = 'ignore' | 'deny'

/** An agency whose environment has the setting `choice`. */
async function openChosen(choice: Choice, of: Parameters<typeof openAgency>[1] = {}) {
  const agency = await openAgency(world, of)
  const { tenant, check } = agency
  const choose = (unknownDimensions: Choice) =>
    tenant.ok('v1.environment.settings.update', { body: { unknownDimensions } })
  await choose(choice)
  return {
    ...agency,
    choose,
    addUser: (id: string) => {
      const entities = [{ id, entityTypeId: 'user' }]
      return tenant.ok('v1Beta.customers.entities.upsert', { params, body: { entities } })
    },
    used: async () => (await check(0)).currentUsage,
  }
}

/** The reason for which each operation denies; null if it grants. */
const reasonsOf = async (
  { check, explain, consume, reserve }: Awaited<ReturnType<typeof openChosen>>,
  amount = 1,
) => [
  (await check(amount, UNKNOWN)).accessDeniedReason,
  (await explain(amount, UNKNOWN)).accessDeniedReason,
  (await consume(amount, UNKNOWN)).accessDeniedReason,
  (await reserve(amount, UNKNOWN)).accessDeniedReason,
]

test('a value that names no entity is a denial in every operation that decides', async () => {
  const { check, consume, reserve, explain, used } = await openChosen('deny')
  const consumed = await consume(1, UNKNOWN)
  const reserved = await reserve(1, UNKNOWN)
  for (const each of [await check(1, UNKNOWN), await explain(1, UNKNOWN), consumed, reserved]) {
    assert.deepEqual([each.isGranted, each.accessDeniedReason], [false, DENIED])
    assert.deepEqual([each.chains, each.unresolved], [[], ['userId']])
  }
  assert.deepEqual([consumed.recorded, reserved.reservation], [false, null])
  const { holds } = await explain(1)
  assert.deepEqual([await used(), holds], [0, 0], 'nothing is recorded or held')
})

test('values that name entities and keys that are no attribution keys are decided as usual', async () => {
  const { tenant, check, consume } = await openChosen('deny')
  for (const dimensions of [ANN, { region: 'eu' }, {}, undefined])
    assert.equal(verdict(await consume(1, dimensions)), 'granted recorded')
  assert.equal((await check(1)).isGranted, true)
  await tenant.ok('v1Beta.customers.entities.archive', { params, body: { ids: ['ann'] } })
  assert.equal(verdict(await consume(1, ANN)), 'granted recorded', 'who is archived is known')
})

test('the entitlement denies before unknown dimensions, and those before budgets', async () => {
  const agency = await openChosen('deny', { limits: { team: 3 }, usageLimit: 5 })
  const limit = 'RequestedUsageExceedingLimit'
  assert.deepEqual(await reasonsOf(agency, 6), [limit, limit, limit, limit])
  assert.deepEqual(await reasonsOf(agency, 4), [DENIED, DENIED, DENIED, DENIED])
})

test('an unknown dimension denies features that are not metered, and currencies are denied for lack of credits', async () => {
  const { tenant } = await openChosen('deny')
  const ask = async (named: Record<string, string>) => {
    const query = { ...named, 'dimensions[userId]': 'zoe' }
    const { data } = await tenant.ok('v1.customers.checkEntitlement', { params, query })
    return [data.accessDeniedReason, data.unresolved]
  }
  const sso = { id: 'sso', displayName: 'S', featureType: 'BOOLEAN' }
  await tenant.ok('v1.features.createFeature', { body: sso })
  assert.deepEqual(await ask({ featureId: 'sso' }), ['NoActiveSubscription', ['userId']])
  await grantTo(tenant, [grantItem('sso')])
  assert.deepEqual(await ask({ featureId: 'sso' }), [DENIED, ['userId']])
  await tenant.ok('v1.credits.customCurrencies.create', { body: { id: 'gold', displayName: 'G' } })
  assert.deepEqual(await ask({ currencyId: 'gold' }), ['InsufficientCredits', ['userId']])
})

test('mode record counts usage with unknown dimensions, once per key, and reports the denial', async () => {
  const { consume, check, used } = await openChosen('deny', { limits: { team: 3 } })
  const more = { mode: 'record', idempotencyKey: 'happened' }
  const recorded = await consume(2, UNKNOWN, more)
  assert.equal(verdict(recorded), `${DENIED} recorded`)
  assert.deepEqual([recorded.chains, recorded.unresolved], [[], ['userId']])
  const ofTeam = await check(1, { teamId: 'team' })
  assert.deepEqual(shownChains(ofTeam), [['team 2/3', 'org 0/∞']])
  const again = await consume(2, UNKNOWN, more)
  assert.deepEqual([verdict(again), again.replayed], [`${DENIED} recorded`, true])
  assert.equal(await used(), 2)
})

for (const cure of ['the setting', 'the entity'])
  test(`a denial is not stored, and its key is decided again after a change of ${cure}`, async () => {
    const { consume, reserve, choose, addUser, used } = await openChosen('deny')
    const mine = { idempotencyKey: 'mine' }
    assert.equal(verdict(await consume(1, UNKNOWN, mine)), DENIED)
    assert.equal(verdict(await reserve(1, UNKNOWN, mine)), DENIED)
    if (cure === 'the setting') await choose('ignore')
    else await addUser('zoe')
    const consumed = await consume(1, UNKNOWN, mine)
    assert.deepEqual([verdict(consumed), consumed.replayed], ['granted recorded', false])
    const reserved = await reserve(1, UNKNOWN, mine)
    assert.deepEqual([verdict(reserved), reserved.replayed], ['granted', false])
    assert.notEqual(reserved.reservation, null)
    assert.equal(await used(), 1)
  })

test('a granted request stays granted for its key after a change of the setting', async () => {
  const { consume, reserve, choose, used } = await openChosen('ignore')
  const mine = { idempotencyKey: 'mine' }
  assert.equal(verdict(await consume(1, UNKNOWN, mine)), 'granted recorded')
  const { reservation } = await reserve(1, UNKNOWN, mine)
  await choose('deny')
  const consumed = await consume(1, UNKNOWN, mine)
  assert.deepEqual([verdict(consumed), consumed.replayed], ['granted recorded', true])
  const reserved = await reserve(1, UNKNOWN, mine)
  assert.deepEqual([verdict(reserved), reserved.replayed], ['granted', true])
  assert.equal(reserved.reservation?.id, reservation?.id)
  assert.equal(verdict(await consume(1, UNKNOWN)), DENIED)
  assert.equal(await used(), 1)
})

test('a reservation with unknown dimensions can be committed, even with more than it holds', async () => {
  const { held, commit, choose } = await openChosen('ignore')
  const { id } = await held(2, UNKNOWN)
  await choose('deny')
  const committed = await commit(id, { amount: 3, overage: 'allow_if_available' })
  assert.equal(verdict(committed), 'granted recorded')
  assert.deepEqual(shownChains(committed), [['team 3/200', 'org 3/1000']])
})

test('a report with unknown dimensions counts', async () => {
  const { report, used } = await openChosen('deny')
  await report(4, UNKNOWN)
  assert.equal(await used(), 4)
})

test('the setting of one environment does not affect another one', async () => {
  const [strict, other] = [await openChosen('deny'), await openChosen('ignore')]
  const reasons = await Promise.all([reasonsOf(strict), reasonsOf(other)])
  assert.deepEqual(reasons, [
    [DENIED, DENIED, DENIED, DENIED],
    [null, null, null, null],
  ])
})

const known = (key: string) => ({ change: 'dimension', to: 'KNOWN', key })

test('an explanation names the rule and the dimensions that must name an entity', async () => {
  const { explain, addUser } = await openChosen('deny', { limits: { team: 3 }, usageLimit: 5 })
  const dimensions = { ...UNKNOWN, modelId: 'nothing' }
  const both = [known('userId'), known('modelId')]
  const denied = await explain(1, dimensions)
  assert.deepEqual([denied.rule, denied.counterfactual], ['UnknownDimensions', [both]])
  const beyondBudget = await explain(4, dimensions)
  const team = { change: 'budget', entityId: 'team', scopeEntityIds: [], to: 4 }
  assert.equal(beyondBudget.rule, 'UnknownDimensions')
  assert.deepEqual(beyondBudget.counterfactual, [
    [team, ...both],
    [{ change: 'requestedUsage', to: 3 }, ...both],
  ])
  const beyondLimit = await explain(6, UNKNOWN)
  assert.equal(beyondLimit.rule, 'HardLimit')
  for (const way of beyondLimit.counterfactual) assert.deepEqual(way.at(-1), known('userId'))
  await addUser('zoe')
  assert.equal((await explain(1, UNKNOWN)).isGranted, true)
})

test('an explanation of a currency names the dimensions that must name an entity, too', async () => {
  const { tenant } = await openChosen('deny')
  await tenant.ok('v1.credits.customCurrencies.create', { body: { id: 'gold', displayName: 'G' } })
  const query = { currencyId: 'gold', 'dimensions[userId]': 'zoe' }
  const { data } = await tenant.ok('v1.customers.explainEntitlement', { params, query })
  assert.deepEqual(
    [data.rule, data.counterfactual],
    ['CreditBalance', [[{ change: 'balance', to: 1 }, known('userId')]]],
  )
})
