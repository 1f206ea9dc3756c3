import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grantItem } from '../../test/support/grants.ts'
import { type Gives, monthly, openSale } from '../../test/support/sale.ts'
import { differencesOf } from '../../test/support/verified.ts'
import { openWorld } from '../../test/support/world.ts'
import { instantToWire } from '../kernel/clock.ts'

const world = await openWorld()
const { clock } = world
const START = clock.now()
const DAY_MS = 86_400_000
const tenant = await world.tenant()
const sale = await openSale(tenant)
const { check, explain, list, heldAt } = sale

const ADDONS: Record<string, Gives> = {
  'more-calls': { calls: { usageLimit: 1000 } },
  'all-seats': { seats: { hasUnlimitedUsage: true } },
  'fifty-seats': { seats: { usageLimit: 50 } },
  'five-seats': { seats: { usageLimit: 5 } },
  'many-seats': { seats: { usageLimit: 500 } },
  'in-us': { region: { enumValues: ['us'] } },
  'hundred-instead': { seats: { usageLimit: 100, behavior: 'Override' } },
  'sixty-instead': { seats: { usageLimit: 60, behavior: 'Override' } },
  'twenty-instead': { seats: { usageLimit: 20, behavior: 'Override' } },
}
const PLANS: Record<string, { gives: Gives; body?: object }> = {
  calls: { gives: { calls: monthly(10_000) } },
  ten: { gives: { seats: { usageLimit: 10 } } },
  fifty: { gives: { seats: { usageLimit: 50 } } },
  base: { gives: { seats: { usageLimit: 100 }, sso: {} } },
  child: { gives: { seats: { usageLimit: 500 } }, body: { parentPlanId: 'base' } },
  'no-sso': { gives: { sso: { isGranted: false } }, body: { parentPlanId: 'base' } },
  'in-eu': { gives: { region: { enumValues: ['eu'] } } },
  empty: { gives: {} },
  enterprise: { gives: { seats: { usageLimit: 1000 } }, body: { productId: 'other' } },
}
await sale.product('other')
for (const [id, gives] of Object.entries(ADDONS)) await sale.addon(id, gives)
for (const [id, { gives, body = {} }] of Object.entries(PLANS)) await sale.plan(id, gives, body)

type Row = {
  plan: string
  addons?: Record<string, number>
  own?: object
  promotional?: object
  feature: string
  /** A limit; null: no limit; a reason of a denial. */
  gives: number | null | string
}
/** The worked examples of the rules: plans, add-ons and promotional entitlements combined. */
const ROWS: Record<string, Row> = {
  'an add-on twice': {
    ...{ plan: 'calls', addons: { 'more-calls': 2 }, feature: 'calls', gives: 12_000 },
  },
  'less by a promotional entitlement': {
    ...{ plan: 'calls', addons: { 'more-calls': 2 }, feature: 'calls', gives: 12_000 },
    promotional: { usageLimit: 11_000 },
  },
  'more by a promotional entitlement': {
    ...{ plan: 'calls', addons: { 'more-calls': 2 }, feature: 'calls', gives: 15_000 },
    promotional: { usageLimit: 15_000 },
  },
  'an unlimited add-on': {
    ...{ plan: 'ten', addons: { 'all-seats': 1 }, feature: 'seats', gives: null },
  },
  'a plan in place of its parent': {
    ...{ plan: 'child', addons: { 'fifty-seats': 1 }, feature: 'seats', gives: 550 },
  },
  'the parent of a plan': { plan: 'no-sso', feature: 'seats', gives: 100 },
  'what a plan takes away of its parent': { plan: 'no-sso', feature: 'sso', gives: 'Revoked' },
  'an own entitlement': {
    ...{ plan: 'ten', addons: { 'five-seats': 1 }, feature: 'seats', gives: 45 },
    own: { usageLimit: 40 },
  },
  'an add-on that adds': {
    ...{ plan: 'ten', addons: { 'five-seats': 2 }, feature: 'seats', gives: 20 },
  },
  'an override': {
    ...{ plan: 'ten', addons: { 'hundred-instead': 1 }, feature: 'seats', gives: 100 },
  },
  'an override three times': {
    ...{ plan: 'ten', addons: { 'hundred-instead': 3 }, feature: 'seats', gives: 300 },
  },
  'two overrides': {
    ...{ plan: 'ten', feature: 'seats', gives: 120 },
    addons: { 'hundred-instead': 1, 'sixty-instead': 2 },
  },
  'an override beside what adds': {
    ...{ plan: 'ten', feature: 'seats', gives: 100 },
    addons: { 'many-seats': 1, 'hundred-instead': 1 },
  },
  'an override that is less': {
    ...{ plan: 'fifty', addons: { 'twenty-instead': 1 }, feature: 'seats', gives: 20 },
  },
  'nothing of a feature': {
    ...{ plan: 'empty', feature: 'seats', gives: 'NoFeatureEntitlementInSubscription' },
  },
}
for (const [name, row] of Object.entries(ROWS))
  test(`checks, explanations and lists agree on ${name}`, async () => {
    const id = name.replaceAll(' ', '-')
    await sale.customer(id)
    const { plan, addons = {}, own, promotional, feature, gives } = row
    await sale.provision(id, plan, {
      addons: Object.entries(addons).map(([addon, quantity]) => ({ id: addon, quantity })),
      entitlements: own === undefined ? [] : [{ id: feature, type: 'FEATURE', ...own }],
    })
    if (promotional !== undefined)
      await tenant.ok('v1.customers.promotionalEntitlements.create', {
        params: { id },
        body: { promotionalEntitlements: [grantItem(feature, promotional)] },
      })
    const listed = (await list(id)).entitlements.find(
      (each) => each.type === 'FEATURE' && each.feature?.id === feature,
    )
    const [past] = (await heldAt(id, clock.now())).filter((each) => each.feature.id === feature)
    const answers = [await check(id, feature), await explain(id, feature)]
    for (const answer of listed === undefined ? answers : [...answers, listed])
      if (typeof gives === 'string') assert.equal(answer.accessDeniedReason, gives)
      else assert.deepEqual([answer.isGranted, answer.usageLimit], [true, gives])
    if (typeof gives !== 'string')
      assert.deepEqual([past?.usageLimit, past?.hasUnlimitedUsage], [gives, gives === null])
    else assert.equal(past?.isRevoked ?? false, gives === 'Revoked')
  })

test('the values of a plan and of an add-on are joined', async () => {
  await sale.customer('values')
  await sale.provision('values', 'in-eu', { addons: [{ id: 'in-us', quantity: 1 }] })
  for (const [requestedValues, isGranted] of [
    ['eu,us', true],
    ['asia', false],
  ] as const)
    assert.equal((await check('values', 'region', { requestedValues })).isGranted, isGranted)
})

test('an explanation names packages, versions, quantities, parents, overrides and subscriptions', async () => {
  await sale.customer('explained')
  const { id: subscriptionId } = await sale.provision('explained', 'child', {
    addons: [
      { id: 'five-seats', quantity: 2 },
      { id: 'hundred-instead', quantity: 3 },
    ],
  })
  const { sources } = await explain('explained', 'seats')
  const shown = sources.map(({ contributes, ...source }) => ({
    ...source,
    contributes: contributes?.usageLimit ?? null,
  }))
  const common = { version: 1, quantity: 1, subscriptionId, behavior: 'Increment', wins: false }
  assert.deepEqual(
    shown.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    [
      { ...common, kind: 'PARENT_PLAN', id: 'base', contributes: null },
      { ...common, kind: 'PLAN', id: 'child', contributes: null },
      { ...common, kind: 'ADDON', id: 'five-seats', quantity: 2, contributes: null },
      {
        ...{ ...common, kind: 'ADDON', id: 'hundred-instead', quantity: 3, contributes: 300 },
        ...{ behavior: 'Override', wins: true },
      },
    ],
  )
})

test('what a trial beside a plan adds lasts until the end of the trial', async (t) => {
  t.after(() => clock.moveTo(START))
  await sale.customer('tried')
  await sale.provision('tried', 'base')
  const end = START + 10 * DAY_MS
  await sale.provision('tried', 'enterprise', {
    trialOverrideConfiguration: {
      ...{ isTrial: true, trialEndBehavior: 'CANCEL_SUBSCRIPTION' },
      trialEndDate: instantToWire(end),
    },
  })
  const before = await check('tried', 'seats')
  assert.deepEqual([before.usageLimit, before.validUntil], [1000, instantToWire(end)])
  clock.moveTo(end - 1)
  assert.equal((await check('tried', 'seats')).usageLimit, 1000)
  clock.moveTo(end)
  const after = await check('tried', 'seats')
  assert.deepEqual([after.usageLimit, after.validUntil], [100, undefined])
  assert.equal((await heldAt('tried', end - 1)).at(-1)?.usageLimit, 1000)
  assert.equal((await heldAt('tried', end)).at(-1)?.usageLimit, 100)
})

test('a plan gives from its start on, in the version of then, whether or not it is written', async (t) => {
  t.after(() => clock.moveTo(START))
  await sale.plan('later', { seats: { usageLimit: 1 } })
  await sale.customer('waiting')
  const start = START + 5 * DAY_MS
  await sale.provision('waiting', 'later', { startDate: instantToWire(start) })
  const before = await check('waiting', 'seats')
  assert.equal(before.accessDeniedReason, 'NoActiveSubscription')
  assert.equal(before.validUntil, instantToWire(start))
  clock.moveTo(START + DAY_MS)
  await sale.change('later', 'seats', { usageLimit: 2 })
  clock.moveTo(start - 1)
  assert.equal((await check('waiting', 'seats')).isGranted, false)
  clock.moveTo(start + DAY_MS)
  await sale.change('later', 'seats', { usageLimit: 3 })
  const after = await check('waiting', 'seats')
  assert.deepEqual([after.usageLimit, after.validUntil], [2, undefined])
  assert.equal(after.entitlementUpdatedAt, instantToWire(start))
  const [listed] = (await list('waiting')).entitlements
  assert.equal(listed?.usageLimit, 2)
  // A change of the customer writes what was due.
  await sale.provision('waiting', 'enterprise')
  const stored = (await heldAt('waiting', start))[0]
  assert.deepEqual([stored?.usageLimit, stored?.sources[0]?.version], [2, 2])
  assert.equal((await heldAt('waiting', start - 1)).length, 0)
})

test('a change of a subscription is seen by the next check', async () => {
  await sale.customer('changing')
  assert.equal((await check('changing', 'seats')).accessDeniedReason, 'NoActiveSubscription')
  const { id } = await sale.provision('changing', 'ten')
  assert.equal((await check('changing', 'seats')).usageLimit, 10)
  await sale.provision('changing', 'ten', { addons: [{ id: 'five-seats', quantity: 1 }] })
  assert.equal((await check('changing', 'seats')).usageLimit, 15)
  await sale.provision('changing', 'fifty')
  assert.equal((await check('changing', 'seats')).usageLimit, 50)
  assert.notEqual(id, '')
})

test('a limit of a plan decides consumption and holds', async () => {
  await sale.customer('limited')
  await sale.provision('limited', 'ten', { addons: [{ id: 'five-seats', quantity: 1 }] })
  const use = async (amount: number, key: string) => {
    const body = { featureId: 'seats', amount, idempotencyKey: key }
    return (await tenant.ok('v1.customers.consume', { params: { id: 'limited' }, body })).data
  }
  assert.equal((await use(12, 'one')).isGranted, true)
  assert.equal((await use(4, 'two')).isGranted, false)
  const held = await tenant.ok('v1.customers.reservations.create', {
    params: { id: 'limited' },
    body: { featureId: 'seats', amount: 3, idempotencyKey: 'three', ttlSeconds: 60 },
  })
  assert.equal(held.data.isGranted, true)
  assert.equal((await use(1, 'four')).isGranted, false)
  assert.deepEqual(await differencesOf(world, tenant, 'limited'), {})
})

test('a subscription of a resource counts for this resource, and those of none for all', async () => {
  await sale.product('by-resource', { multipleSubscriptions: true })
  await sale.plan('of-resource', { seats: { usageLimit: 70 } }, { productId: 'by-resource' })
  await sale.customer('sites')
  await sale.provision('sites', 'ten')
  await sale.provision('sites', 'of-resource', { resourceId: 'site-1' })
  const limitOf = async (query: Record<string, string>) =>
    (await check('sites', 'seats', query)).usageLimit
  assert.equal(await limitOf({}), 10)
  assert.equal(await limitOf({ resourceId: 'site-1' }), 70)
  const unknown = await check('sites', 'seats', { resourceId: 'site-2' })
  assert.equal(unknown.accessDeniedReason, 'CustomerResourceNotFound')
  assert.deepEqual(
    [await list('sites'), await list('sites', { resourceId: 'site-1' })].map(
      ({ entitlements }) => entitlements[0]?.usageLimit,
    ),
    [10, 70],
  )
  assert.equal((await heldAt('sites', START))[0]?.usageLimit, 10)
  assert.equal((await heldAt('sites', START, { resourceId: 'site-1' }))[0]?.usageLimit, 70)
})
