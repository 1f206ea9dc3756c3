import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Dimensions } from '../../../test/support/agency.ts'
import { ANN, ANN_ON_GPT, FEATURE, openAgency, params } from '../../../test/support/agency.ts'
import { shownChains } from '../../../test/support/decisions.ts'
import { grantItem, grantTo } from '../../../test/support/grants.ts'
import { openWorld } from '../../../test/support/world.ts'
import { instantToWire } from '../../kernel/clock.ts'

const world = await openWorld()
const { clock } = world
const DAY_MS = 86_400_000

/** Creates the state that the documented examples begin with. */
async function worked(orgUsage = 400) {
  const agency = await openAgency(world)
  await agency.report(10, ANN)
  await agency.report(45, { teamId: 'team', modelId: 'gpt' })
  await agency.report(85, { teamId: 'team' })
  await agency.report(orgUsage - 140, { orgId: 'org' })
  return agency
}

type Vector = [string, number, Dimensions, number, string | null, string[][]]
const usedUp = ['ann 10/30', 'team 140/200', 'org 1000/1000!']
const VECTORS: Vector[] = [
  ['1', 400, ANN, 5, null, [['ann 10/30', 'team 140/200', 'org 400/1000']]],
  [
    '2',
    400,
    ANN_ON_GPT,
    5,
    null,
    [['ann 10/30', 'team 140/200', 'team[gpt] 45/50', 'org 400/1000']],
  ],
  [
    '3',
    400,
    ANN_ON_GPT,
    6,
    'BudgetExceeded',
    [['ann 10/30', 'team 140/200', 'team[gpt] 45/50!', 'org 400/1000']],
  ],
  ['4, one', 1000, ANN, 1, 'BudgetExceeded', [usedUp]],
  ['4, five', 1000, ANN, 5, 'BudgetExceeded', [usedUp]],
  ['4, of zoe', 1000, { userId: 'zoe' }, 5, null, []],
  ['5', 400, { userId: 'zoe' }, 1, null, []],
]
for (const [name, orgUsage, dimensions, requested, reason, chains] of VECTORS)
  test(`a check of the worked example ${name}`, async () => {
    const { check } = await worked(orgUsage)
    const answer = await check(requested, dimensions)
    assert.deepEqual(shownChains(answer), chains)
    assert.deepEqual([answer.isGranted, answer.accessDeniedReason], [reason === null, reason])
  })

test('a report beyond a budget counts, and counts once for each budget', async () => {
  const { report, check } = await worked()
  await report(5, ANN)
  assert.deepEqual(shownChains(await check(1, ANN_ON_GPT)), [
    ['ann 15/30', 'team 145/200', 'team[gpt] 45/50', 'org 405/1000'],
  ])
  await report(6, { ...ANN_ON_GPT, teamId: 'team' })
  const teamNodes = ['team 151/200', 'team[gpt] 51/50!', 'org 411/1000']
  assert.deepEqual(shownChains(await check(1, { ...ANN_ON_GPT, teamId: 'team' })), [
    ['ann 21/30', ...teamNodes],
    teamNodes,
  ])
})

test('each agent of a team stops at its own budget or at that of the team', async () => {
  const { consume } = await openAgency(world, { limits: { team: 8, ann: 3, bob: 10 } })
  const uses = async (userId: string) => {
    for (let count = 0; ; count += 1) if (!(await consume(1, { userId })).isGranted) return count
  }
  assert.deepEqual([await uses('ann'), await uses('bob')], [3, 5])
})

test('a check requests 1 by default, but v1.customers.checkEntitlement without dimensions requests 0', async () => {
  const { tenant, report, check } = await openAgency(world, { limits: { team: 5 }, usageLimit: 5 })
  await report(5)
  const v1 = async (query: string) =>
    (
      await tenant.ok('v1.customers.checkEntitlement', {
        params,
        query: `featureId=tokens${query}`,
      })
    ).data
  assert.equal((await v1('')).isGranted, true)
  assert.ok(!('chains' in (await v1(''))))
  assert.equal(
    (await v1('&dimensions[userId]=zoe')).accessDeniedReason,
    'RequestedUsageExceedingLimit',
  )
  assert.deepEqual(shownChains(await v1('&dimensions[userId]=zoe')), [])
  assert.equal((await v1('&dimensions[userId]=zoe&requestedUsage=0')).isGranted, true)
  assert.equal((await check(null)).accessDeniedReason, 'RequestedUsageExceedingLimit')
  assert.ok(!('chains' in (await check(null))))
})

test('a request for 0 is denied by a budget with nothing left', async () => {
  const { report, check } = await openAgency(world, { limits: { team: 5 } })
  await report(4, { teamId: 'team' })
  assert.equal((await check(0, { teamId: 'team' })).isGranted, true)
  await report(1, { teamId: 'team' })
  assert.deepEqual(shownChains(await check(0, { teamId: 'team' })), [['team 5/5!', 'org 0/∞']])
})

test('a denial by the entitlement keeps its reason, and after a final denial no budget is shown', async () => {
  const { report, check, tenant } = await openAgency(world, { limits: { team: 5 }, usageLimit: 4 })
  await report(5, { teamId: 'team' })
  const soft = await check(1, { teamId: 'team' })
  assert.equal(soft.accessDeniedReason, 'RequestedUsageExceedingLimit')
  assert.deepEqual(shownChains(soft), [['team 5/5!', 'org 0/∞']])
  await tenant.ok('v1.customers.promotionalEntitlements.revoke', {
    params: { ...params, featureId: FEATURE },
  })
  const final = await check(1, { teamId: 'team' })
  assert.equal(final.accessDeniedReason, 'NoActiveSubscription')
  assert.deepEqual(final.chains, [])
  for (const [id, featureId, reason] of [
    ['nobody', FEATURE, 'CustomerNotFound'],
    ['acme', 'nothing', 'FeatureNotFound'],
  ] as const) {
    const query = `featureId=${featureId}&dimensions[teamId]=team`
    const { data } = await tenant.ok('v1.customers.checkEntitlement', { params: { id }, query })
    assert.deepEqual([data.accessDeniedReason, data.chains], [reason, []])
  }
})

test('budgets apply to unlimited entitlements, and a feature without a meter demands only what is sent', async () => {
  const { report, check, tenant } = await openAgency(world, {
    limits: { team: 5 },
    usageLimit: null,
  })
  await report(5, { teamId: 'team' })
  assert.equal((await check(1, { teamId: 'team' })).accessDeniedReason, 'BudgetExceeded')
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'sso', displayName: 'S', featureType: 'BOOLEAN' },
  })
  await grantTo(tenant, [grantItem('sso')])
  const query = 'featureId=sso&dimensions[teamId]=team'
  const { data } = await tenant.ok('v1.customers.checkEntitlement', { params, query })
  assert.deepEqual([data.isGranted, data.chains], [true, []])
})

test('a currency is checked against its own budgets, and no customer has credits', async () => {
  const { tenant } = await openAgency(world)
  await tenant.ok('v1.credits.customCurrencies.create', {
    body: { id: 'credits', displayName: 'Credits' },
  })
  const assignments = [{ entityId: 'ann', currencyId: 'credits', usageLimit: 1, cadence: 'P1M' }]
  await tenant.ok('v1Beta.customers.assignments.upsert', { params, body: { assignments } })
  const ask = async (requested: number) => {
    const query = `currencyId=credits&dimensions[userId]=ann&requestedUsage=${requested}`
    return (await tenant.ok('v1Beta.customers.entitlements.check', { params, query })).data
  }
  assert.equal((await ask(1)).accessDeniedReason, 'InsufficientCredits')
  assert.deepEqual(shownChains(await ask(1))[0]?.[0], 'ann 0/1')
  assert.deepEqual(shownChains(await ask(2))[0]?.[0], 'ann 0/1!')
})

test('dimensions are compared exactly by their text, and each name may occur once', async () => {
  const { tenant, check } = await openAgency(world, { limits: { ann: 5 } })
  const chain = [['ann 0/5', 'team 0/∞']]
  assert.deepEqual(shownChains(await check(1, { userId: 'ann' })), chain)
  assert.deepEqual(shownChains(await check(1, { userId: 'Ann' })), [])
  assert.deepEqual(shownChains(await check(1, { userid: 'ann' })), [])
  assert.deepEqual(shownChains(await check(1, { userId: 'ann,bob' })), [])
  const entities = { entities: [{ id: '7', entityTypeId: 'user' }] }
  await tenant.ok('v1Beta.customers.entities.upsert', { params, body: entities })
  const assignments = [{ entityId: '7', featureId: FEATURE, usageLimit: 3, cadence: 'P1M' }]
  await tenant.ok('v1Beta.customers.assignments.upsert', { params, body: { assignments } })
  assert.deepEqual(shownChains(await check(1, { userId: '7' })), [['7 0/3']])
  const consumed = await tenant.ok('v1.customers.consume', {
    params,
    body: { featureId: FEATURE, amount: 1, idempotencyKey: 'k', dimensions: { userId: 7 } },
  })
  assert.deepEqual(shownChains(consumed.data), [['7 1/3']])
  for (const query of ['dimensions[userId]=ann&dimensions[userId]=bob', 'dimensions=ann'])
    await tenant.refused(
      'v1Beta.customers.entitlements.check',
      { params, query: `featureId=tokens&${query}` },
      { status: 400, code: 'BadUserInput' },
    )
})

test('the budgets of an archived entity do not apply, but those above it do', async () => {
  const { tenant, check } = await openAgency(world, { limits: { org: 3, team: 2, ann: 1 } })
  await tenant.ok('v1Beta.customers.entities.archive', { params, body: { ids: ['team'] } })
  assert.deepEqual(shownChains(await check(1, ANN)), [['ann 0/1', 'org 0/3']])
})

test('a denial by a budget ends with the window', async () => {
  const { consume, check } = await openAgency(world, { limits: { 'ann P1D': 5 } })
  await consume(5, ANN)
  assert.equal((await check(1, ANN)).isGranted, false)
  const start = clock.now()
  try {
    clock.moveTo(start + DAY_MS)
    assert.deepEqual(shownChains(await check(5, ANN)), [['ann 0/5', 'team 0/∞']])
  } finally {
    clock.moveTo(start)
  }
})

test('an explanation shows what is left, held and reset, and which usage could not be attributed', async () => {
  const { consume, held, extend, explain } = await openAgency(world, { usageLimit: 100 })
  await consume(45, { ...ANN_ON_GPT, userId: 'nobody', teamId: 'team' })
  const { id } = await held(10, { ...ANN, modelId: 'nothing' })
  await extend(id, 100)
  const answer = await explain(5, { ...ANN_ON_GPT, teamId: 'squad' })
  assert.equal(answer.isGranted, true)
  assert.equal(answer.holds, 10)
  assert.deepEqual(answer.unresolved, ['teamId'])
  assert.deepEqual(answer.unattributed, [
    { key: 'modelId', records: 1, lastAt: instantToWire(clock.now()) },
    { key: 'userId', records: 1, lastAt: instantToWire(clock.now()) },
  ])
  assert.deepEqual(answer.chains, [
    [
      {
        ...{ entityId: 'ann', scopeEntityIds: [], usageLimit: 30, currentUsage: 0 },
        ...{ isGranted: true, remaining: 20, holds: 10, blocks: false },
        resetsAt: '2026-05-19T00:00:00.000Z',
      },
      {
        ...{ entityId: 'team', scopeEntityIds: [], usageLimit: 200, currentUsage: 45 },
        ...{ isGranted: true, remaining: 145, holds: 10, blocks: false },
        resetsAt: '2026-06-01T00:00:00.000Z',
      },
      {
        ...{ entityId: 'team', scopeEntityIds: ['gpt'], usageLimit: 50, currentUsage: 45 },
        ...{ isGranted: true, remaining: 5, holds: 0, blocks: false },
        resetsAt: '2026-06-01T00:00:00.000Z',
      },
      {
        ...{ entityId: 'org', scopeEntityIds: [], usageLimit: 1000, currentUsage: 45 },
        ...{ isGranted: true, remaining: 945, holds: 10, blocks: false },
        resetsAt: '2026-06-01T00:00:00.000Z',
      },
    ],
  ])
})

test('an explanation of a denial names every blocking budget and the limit that it would need', async () => {
  const { consume, explain, check } = await openAgency(world, {
    limits: { team: 10, 'ann P1D': 5 },
    usageLimit: 100,
  })
  await consume(4, ANN)
  const answer = await explain(8, ANN)
  const { rule, accessDeniedReason, counterfactual, chains } = answer
  assert.deepEqual([rule, accessDeniedReason], ['Budget', 'BudgetExceeded'])
  assert.deepEqual(
    chains
      .flat()
      .flatMap(({ entityId, blocks, remaining }) => (blocks ? [[entityId, remaining]] : [])),
    [
      ['ann', 1],
      ['team', 6],
    ],
  )
  const budget = (entityId: string, to: number) => {
    return { change: 'budget', entityId, scopeEntityIds: [], to }
  }
  assert.deepEqual(counterfactual, [
    [budget('ann', 12), budget('team', 12)],
    [{ change: 'requestedUsage', to: 1 }],
  ])
  assert.equal((await check(1, ANN)).isGranted, true)
  assert.equal((await check(2, ANN)).isGranted, false)
  const granted = await explain(1, ANN)
  assert.equal(granted.rule, 'HardLimit')
  assert.deepEqual(granted.counterfactual, [
    [{ change: 'requestedUsage', to: 2 }],
    [{ change: 'usageLimit', to: 4 }],
    [budget('ann', 4)],
    [budget('team', 4)],
  ])
})

test('without dimensions an explanation has no chains', async () => {
  const { explain } = await openAgency(world)
  const { chains, unresolved, unattributed, holds } = await explain(1)
  assert.deepEqual([chains, unresolved, unattributed, holds], [[], [], [], 0])
})
