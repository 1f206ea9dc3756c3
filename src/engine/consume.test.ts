import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, ANN_ON_GPT, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { shownChains, verdict } from '../../test/support/decisions.ts'
import { addMetered } from '../../test/support/furnish.ts'
import { grantItem, grantTo } from '../../test/support/grants.ts'
import { openWorldApart } from '../../test/support/world.ts'
import { instantToWire } from '../kernel/clock.ts'

/**
 * A database of its own, because moving the clock by a month purges keys and runs due work in the
 * whole database.
 */
const world = await openWorldApart()
const { clock } = world
const DAY_MS = 86_400_000
const inDays = (days: number) => instantToWire(clock.now() + days * DAY_MS)

test('granted consumption counts at once for the customer and for every budget on the path', async () => {
  const { consume, report, check } = await openAgency(world)
  await report(400, { orgId: 'org' })
  const used = await consume(5, ANN_ON_GPT)
  assert.equal(verdict(used), 'granted recorded')
  assert.deepEqual(shownChains(used), [
    ['ann 5/30', 'team 5/200', 'team[gpt] 5/50', 'org 405/1000'],
  ])
  assert.ok(used.type === 'FEATURE')
  assert.deepEqual([used.currentUsage, used.usageLimit], [405, 10_000])
  const seen = await check(1, ANN_ON_GPT)
  assert.equal(seen.currentUsage, 405)
  assert.deepEqual(shownChains(seen), shownChains(used))
})

test('a consumption that one budget denies leaves all other budgets unchanged', async () => {
  const { consume, check } = await openAgency(world)
  await consume(48, ANN_ON_GPT, { mode: 'record' })
  const before = await check(1, ANN_ON_GPT)
  const denied = await consume(3, { teamId: 'team', modelId: 'gpt' })
  assert.equal(verdict(denied), 'BudgetExceeded')
  assert.deepEqual(shownChains(denied), [['team 48/200', 'team[gpt] 48/50!', 'org 48/1000']])
  assert.deepEqual(await check(1, ANN_ON_GPT), before)
  assert.equal(verdict(await consume(2, { teamId: 'team', modelId: 'gpt' })), 'granted recorded')
})

test('mode record goes beyond limits and budgets, but never without an entitlement', async () => {
  const { consume, tenant, check } = await openAgency(world, { usageLimit: 10 })
  const beyond = await consume(31, ANN, { mode: 'record' })
  assert.equal(verdict(beyond), 'RequestedUsageExceedingLimit recorded')
  assert.deepEqual(shownChains(beyond), [['ann 31/30!', 'team 31/200', 'org 31/1000']])
  assert.equal((await check(0)).currentUsage, 31)
  await tenant.ok('v1.customers.promotionalEntitlements.revoke', {
    params: { ...params, featureId: FEATURE },
  })
  const unheld = await consume(1, ANN, { mode: 'record' })
  assert.equal(verdict(unheld), 'NoActiveSubscription')
  assert.deepEqual(shownChains(unheld), [])
})

test('the limit of the customer decides before budgets, and fractions are exact', async () => {
  const { consume } = await openAgency(world, { limits: { ann: 1 }, usageLimit: 1 })
  for (let tenth = 0; tenth < 10; tenth += 1)
    assert.equal(verdict(await consume(0.1, ANN)), 'granted recorded')
  const denied = await consume(1e-10, ANN)
  assert.equal(verdict(denied), 'RequestedUsageExceedingLimit')
  assert.deepEqual(shownChains(denied), [['ann 1/1!', 'team 0/∞']])
})

test('the same key gets the same decision with the current usage', async () => {
  const { consume, budget } = await openAgency(world, { limits: { team: 5 } })
  const dimensions = { teamId: 'team' }
  const mine = { idempotencyKey: 'mine' }
  const theirs = { idempotencyKey: 'theirs' }
  assert.equal(verdict(await consume(3, dimensions, mine)), 'granted recorded')
  assert.equal(verdict(await consume(3, dimensions, theirs)), 'BudgetExceeded')
  assert.equal(verdict(await consume(2, dimensions)), 'granted recorded')
  const again = await consume(3, dimensions, mine)
  assert.equal(verdict(again), 'granted recorded')
  assert.ok(again.type === 'FEATURE')
  assert.equal(again.currentUsage, 5)
  await budget({ team: 100 })
  assert.equal(verdict(await consume(3, dimensions, theirs)), 'BudgetExceeded')
})

test('a key that was used for another request is refused, for 35 days', async () => {
  const { tenant, consume } = await openAgency(world)
  const mine = { idempotencyKey: 'mine' }
  await consume(3, ANN, mine)
  const other = (more: object) => ({
    params,
    body: { featureId: FEATURE, amount: 3, dimensions: ANN, ...mine, ...more },
  })
  await grantMore(tenant, 'calls')
  for (const more of [{ amount: 4 }, { dimensions: ANN_ON_GPT }, { featureId: 'calls' }])
    await tenant.refused('v1.customers.consume', other(more), {
      status: 400,
      code: 'InvalidArgumentError',
      message: /idempotencyKey/,
    })
  const reordered = { modelId: 'gpt', userId: 'ann' }
  await consume(1, ANN_ON_GPT, { idempotencyKey: 'reordered' })
  assert.equal(
    verdict(await consume(1, reordered, { idempotencyKey: 'reordered' })),
    'granted recorded',
  )
  assert.equal((await consume(1, {})).type, 'FEATURE')
  const start = clock.now()
  try {
    clock.moveTo(start + 35 * DAY_MS - 1)
    assert.equal(verdict(await consume(3, ANN, mine)), 'granted recorded')
    await tenant.refused('v1.customers.consume', other({ amount: 4 }), {
      status: 400,
      code: 'InvalidArgumentError',
    })
  } finally {
    clock.moveTo(null)
  }
})

const grantMore = async (tenant: Parameters<typeof grantTo>[0], id: string) => {
  await tenant.ok('v1.features.createFeature', {
    body: { id, displayName: id, featureType: 'NUMBER', meterType: 'INCREMENTAL' },
  })
  await grantTo(tenant, [grantItem(id, { usageLimit: 10 })])
}

test('an unknown customer, resource or feature is a denial, and its key is not stored', async () => {
  const { tenant, consume } = await openAgency(world)
  const body = { amount: 1, idempotencyKey: 'k', dimensions: ANN }
  const ask = async (id: string, more: object) => {
    const { data } = await tenant.ok('v1.customers.consume', {
      params: { id },
      body: { ...body, ...more },
    })
    assert.deepEqual(shownChains(data), [])
    return verdict(data)
  }
  assert.equal(await ask('nobody', { featureId: FEATURE }), 'CustomerNotFound')
  assert.equal(await ask('no body', { featureId: FEATURE }), 'CustomerNotFound')
  assert.equal(await ask('acme', { featureId: 'nothing' }), 'FeatureNotFound')
  const resource = { featureId: FEATURE, resourceId: 'nowhere' }
  assert.equal(await ask('acme', resource), 'CustomerResourceNotFound')
  assert.equal(verdict(await consume(2, ANN, { idempotencyKey: 'k' })), 'granted recorded')
})

test('an archived customer is denied, and a repetition gets the first decision', async () => {
  const { tenant, consume, check } = await openAgency(world)
  const isAnswered = async (key: string, expected: string) =>
    assert.equal(verdict(await consume(2, ANN, { idempotencyKey: key })), expected)
  await isAnswered('before', 'granted recorded')
  await tenant.ok('v1.customers.archive', { params })
  await isAnswered('before', 'granted recorded')
  await isAnswered('meanwhile', 'CustomerIsArchived')
  const forced = await consume(2, ANN, { idempotencyKey: 'forced', mode: 'record' })
  assert.equal(verdict(forced), 'CustomerIsArchived')
  assert.deepEqual(shownChains(forced), [])
  await tenant.ok('v1.customers.unarchive', { params })
  assert.equal((await check(1, ANN)).currentUsage, 2)
  await isAnswered('meanwhile', 'granted recorded')
})

test('features whose usage is not reported and impossible requests are refused', async () => {
  const { tenant } = await openAgency(world)
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'sso', displayName: 'S', featureType: 'BOOLEAN' },
  })
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'retention', displayName: 'R', featureType: 'NUMBER' },
  })
  await addMetered(tenant, 'metered', {
    meter: { aggregation: { function: 'COUNT' }, filters: [] },
  })
  const body = { featureId: FEATURE, amount: 1 }
  const refusals = [
    [{ featureId: 'sso' }, 'MeteringNotAvailableForFeatureType'],
    [{ featureId: 'retention' }, 'MeteringNotAvailableForFeatureType'],
    [{ featureId: 'metered' }, 'CannotReportUsageForEntitlementWithMeterError'],
    [{ currencyId: 'credits' }, 'InvalidArgumentError'],
    [{ featureId: undefined }, 'InvalidArgumentError'],
    [{ timestamp: inDays(1) }, 'InvalidArgumentError'],
    [{ amount: 0 }, 'BadUserInput'],
    [{ amount: -1 }, 'BadUserInput'],
    [{ amount: 1e-11 }, 'BadUserInput'],
    [{ amount: 9e15 }, null],
    [{ amount: 9.1e15 }, 'EntitlementUsageOutOfRangeError'],
    [{ dimensions: { a: 'x'.repeat(65_536) } }, 'BadUserInput'],
    [{ idempotencyKey: '' }, 'BadUserInput'],
    [{ mode: 'try' }, 'BadUserInput'],
    [{ unheardOf: 1 }, 'BadUserInput'],
  ] as const
  for (const [index, [more, code]] of refusals.entries()) {
    const request = {
      params,
      body: { ...body, idempotencyKey: `k${index}`, mode: 'record', ...more },
    }
    if (code === null) await tenant.ok('v1.customers.consume', request)
    else await tenant.refused('v1.customers.consume', request, { status: 400, code })
  }
})

test('the timestamp determines the windows in which a consumption is decided and counted', async () => {
  const { consume, check } = await openAgency(world, {
    limits: { team: null, 'ann P1D': 5 },
    usageLimit: 6,
  })
  assert.equal(verdict(await consume(5, ANN)), 'granted recorded')
  assert.equal(verdict(await consume(1, ANN)), 'BudgetExceeded')
  const soon = { timestamp: instantToWire(clock.now() + 300_000) }
  assert.equal(verdict(await consume(1, ANN, soon)), 'BudgetExceeded')
  const april = { timestamp: inDays(-30), mode: 'record' }
  const before = await consume(6, ANN, april)
  assert.equal(verdict(before), 'granted recorded')
  assert.deepEqual(shownChains(before), [])
  assert.ok(before.type === 'FEATURE')
  assert.deepEqual(
    [before.currentUsage, before.usagePeriodStart],
    [6, '2026-04-01T00:00:00.000Z'],
    'another month, and before the budgets',
  )
  assert.equal((await check(0, ANN)).currentUsage, 5)
  assert.equal(verdict(await consume(1, ANN, april)), 'RequestedUsageExceedingLimit recorded')
})

test('the consumption of a currency is denied as in a check, and its key is not stored', async () => {
  const { tenant } = await openAgency(world)
  const currency = { id: 'credits', displayName: 'Credits' }
  await tenant.ok('v1.credits.customCurrencies.create', { body: currency })
  const assignments = [{ entityId: 'ann', currencyId: 'credits', usageLimit: 5, cadence: 'P1M' }]
  await tenant.ok('v1Beta.customers.assignments.upsert', { params, body: { assignments } })
  const body = { currencyId: 'credits', amount: 6.5, idempotencyKey: 'k', dimensions: ANN }
  const { data } = await tenant.ok('v1.customers.consume', { params, body })
  assert.equal(verdict(data), 'InsufficientCredits')
  assert.deepEqual(shownChains(data)[0]?.[0], 'ann 0/5!')
  const held = await tenant.call('v1.customers.reservations.create', { params, body })
  assert.equal(held.status, 200)
  assert.equal(held.success?.data.reservation, null)
  const unknown = { ...body, currencyId: 'gold' }
  await tenant.refused(
    'v1.customers.consume',
    { params, body: unknown },
    {
      status: 404,
      code: 'CustomCurrencyNotFound',
    },
  )
  await tenant.refused(
    'v1.customers.consume',
    { params, body: { ...body, mode: 'record' } },
    {
      status: 404,
      code: 'FeatureNotFound',
    },
  )
})

test('a consumption crosses each threshold once, as a report does', async () => {
  const { tenant, consume } = await openAgency(world, { limits: { team: 10 } })
  await tenant.ok('v1Beta.governance.updateThresholdConfig', { body: { thresholds: [50, 80] } })
  for (const amount of [4, 2, 1, 3]) await consume(amount, { teamId: 'team' })
  const events = (await tenant.announced()).filter(({ type }) => type.endsWith('usage_exceeded'))
  const thresholds = events.map(({ after }) => (after as { thresholds: number[] }).thresholds)
  assert.deepEqual(thresholds, [[50], [80]])
})

test('usage is compared with a limit and shown in limited units', async () => {
  const { tenant, consume } = await openAgency(world, { limits: { team: 3 }, usageLimit: 4 })
  await tenant.ok('v1.features.updateFeature', {
    params: { id: FEATURE },
    body: { unitTransformation: { divide: 1000, round: 'UP' } },
  })
  const team = { teamId: 'team' }
  assert.equal(verdict(await consume(2001, team)), 'granted recorded')
  const most = await consume(999, team)
  assert.deepEqual(shownChains(most), [['team 3/3', 'org 0/∞']])
  assert.ok(most.type === 'FEATURE')
  assert.equal(most.currentUsage, 3)
  assert.equal(verdict(await consume(1, team)), 'BudgetExceeded')
  assert.equal(verdict(await consume(1000)), 'granted recorded')
  assert.equal(verdict(await consume(1)), 'RequestedUsageExceedingLimit')
})

test('without dimensions, budgets do not apply and there are no chains', async () => {
  const { consume, check } = await openAgency(world, { limits: { org: 0 } })
  const used = await consume(1)
  assert.equal(verdict(used), 'granted recorded')
  assert.ok(!('chains' in used))
  assert.deepEqual(shownChains(await consume(1, { userId: 'zoe' })), [])
  assert.deepEqual(shownChains(await check(1, { orgId: 'org' })), [['org 0/0!']])
})
