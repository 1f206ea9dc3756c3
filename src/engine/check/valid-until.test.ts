import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openAgency } from '../../../test/support/agency.ts'
import { budgetOf } from '../../../test/support/company.ts'
import { limited, NOW, source, unlimited } from '../../../test/support/entitlement-sources.ts'
import { featureWith } from '../../../test/support/feature.ts'
import { openWorld, NOW as WORLD_NOW } from '../../../test/support/world.ts'
import { type Budget, budgetPaths, counterName, windowOf } from '../../budgets/index.ts'
import { evaluate, usageWindow } from '../../entitlements/index.ts'
import { resolve } from '../../entitlements/resolve.ts'
import { type Instant, instantFromWire, instantToWire } from '../../kernel/clock.ts'
import { contains, LIFETIME } from '../../kernel/period.ts'
import { type Quantity, wholeUnits } from '../../kernel/quantity.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import { BUDGET_EXCEEDED, combine, isFinal } from '../participants/combine.ts'
import { requestOf } from '../participants/limits.ts'
import { blockingHoldsOf } from '../participants/list.ts'
import type { Outcome } from '../participants/participant.ts'
import { validUntil } from './valid-until.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Instants around now; the nearer, the more frequent. */
const around = (from: number, until: number) =>
  fc.oneof(
    ...[MINUTE, HOUR, DAY, 40 * DAY].map((unit) =>
      fc.integer({ min: from, max: until }).map((n) => NOW + n * unit),
    ),
  )
const past = around(-9, 0)
const future = around(1, 9)

const sources = fc.array(
  fc
    .record({
      allowance: fc.oneof(
        fc.nat({ max: 12 }).map((limit) => limited(limit)),
        fc.constantFrom(unlimited, limited(3, true), null),
      ),
      reset: fc.constantFrom(
        null,
        ...(['HOUR', 'DAY', 'WEEK', 'MONTH'] as const).map((period) => ({
          period,
          accordingTo: period === 'WEEK' ? ('EveryMonday' as const) : null,
        })),
      ),
      startsAt: fc.oneof({ weight: 4, arbitrary: past }, { weight: 1, arbitrary: future }),
      endsAt: fc.option(future),
      countsFrom: fc.option(past),
    })
    .map((parts) => source({ ...parts, anchor: parts.startsAt })),
  { maxLength: 3 },
)
const budgets = fc.array(
  fc
    .record({
      limit: fc.option(fc.nat({ max: 12 })),
      cadence: fc.constantFrom('PT1M', 'PT1H', 'P1D', 'P1W', 'P1M'),
      createdAt: past,
      isLevel: fc.boolean(),
    })
    .map(({ isLevel, ...parts }) => ({ ...budgetOf({ entity: 'ann', ...parts }), isLevel })),
  { maxLength: 3 },
)
const counted = fc.array(fc.record({ at: past, amount: fc.nat({ max: 6 }) }), { maxLength: 4 })
const held = fc.array(fc.record({ at: past, amount: fc.nat({ max: 6 }), expiresAt: future }), {
  maxLength: 3,
})

type Facts = {
  sources: ReturnType<typeof source>[]
  budgets: Budget[]
  counted: { at: Instant; amount: number }[]
  held: { at: Instant; amount: number; expiresAt: Instant }[]
  requested: number
}
const facts: fc.Arbitrary<Facts> = fc
  .record({ sources, budgets, counted, held, requested: fc.nat({ max: 6 }) })
  .map(({ budgets: all, ...rest }) => ({
    ...rest,
    budgets: all.map((budget, index) => ({ ...budget, assignmentKey: `budget ${index}` })),
  }))

const feature = featureWith({ key: 'tokens', id: 'tokens', status: 'ACTIVE' })

const sum = (amounts: readonly { amount: number }[]): Quantity =>
  wholeUnits(amounts.reduce((total, { amount }) => total + amount, 0))

/** Returns the result at an instant, computed from the same facts. */
function answeredAt(at: Instant, given: Facts): Outcome {
  const open = given.held.filter(({ expiresAt }) => at < expiresAt)
  const resolution = resolve(given.sources, at)
  const window = resolution.effective === null ? LIFETIME : usageWindow(resolution.effective, at)
  const within = <T extends { at: Instant }>(all: T[]) =>
    all.filter((each) => contains(window, each.at))
  const used = { usage: sum(within(given.counted)), held: sum(within(open)) }
  const subject = {
    customer: 'ACTIVE',
    isResourceKnown: true,
    hasActiveSubscription: false,
  } as const
  const request = requestOf(wholeUnits(given.requested))
  const entitlement = evaluate(
    subject,
    { feature, sources: given.sources, changesAt: null, resolution, window, used },
    { request, now: at },
  )
  const byCounter = (all: { at: Instant; amount: number }[]) => {
    const sums = new Map<string, Quantity>()
    for (const budget of given.budgets)
      for (const each of all) {
        if (each.at < budget.createdAt) continue
        const name = counterName(budget, windowOf(budget, each.at))
        sums.set(name, (sums.get(name) ?? 0n) + wholeUnits(each.amount))
      }
    return sums
  }
  const { chains } = budgetPaths(
    {
      paths: [[{ entityKey: 'ann', entityId: 'ann', isArchived: false }]],
      budgets: given.budgets,
    },
    [
      {
        ...{ capabilityKey: 'tokens', currencyId: null, transformation: null },
        amount: wholeUnits(given.requested),
      },
    ],
    { counters: byCounter(given.counted), holds: byCounter(open), at },
  )
  return { entitlement, chains, now: at }
}

/** Returns the end of the first hold that may have caused the denial. */
function holdEndOf(outcome: Outcome, given: Facts): Instant | null {
  const owner = { customerKey: 'acme', resourceKey: NO_RESOURCE }
  const blocking = blockingHoldsOf(outcome, owner)
  const holdAt = (at: Instant) => ({
    ...{ featureKey: feature.key, resourceKey: NO_RESOURCE, occurredAt: at },
    postings: given.budgets
      .filter(({ createdAt }) => at >= createdAt)
      .map((budget) => ({ ...budget, window: windowOf(budget, at) })),
  })
  const ends = given.held
    .filter(({ expiresAt }) => outcome.now < expiresAt)
    .filter(({ at }) => blocking.some((holds) => holds.includes(holdAt(at))))
    .map(({ expiresAt }) => expiresAt)
  return ends.length === 0 ? null : Math.min(...ends)
}

/** Returns the decision, its reason, the limits and the reset times. */
function viewOf({ entitlement, chains }: Outcome) {
  const nodes = isFinal(entitlement.decision) ? [] : chains.flat()
  const isGranted = nodes.every((node) => node.isGranted)
  const decision = combine(entitlement.decision, isGranted ? null : BUDGET_EXCEEDED)
  const effective = entitlement.featureState?.resolution.effective ?? null
  return {
    decision,
    limit: effective?.limit,
    isUnlimited: effective?.isUnlimited,
    reset: effective?.reset,
    window: entitlement.featureState?.window,
    nodes: nodes.map((node) => [node.usageLimit, node.isGranted, node.budget?.window.end]),
  }
}

test('without a write, no answer changes before its validUntil', () => {
  fc.assert(
    fc.property(
      facts,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3 }),
      (given, shares) => {
        const first = answeredAt(NOW, given)
        const until = validUntil(first, holdEndOf(first, given)) ?? NOW + 400 * DAY
        assert.ok(until > NOW)
        const instants = [
          until - 1,
          ...shares.map((share) => NOW + Math.floor(share * (until - 1 - NOW))),
        ]
        for (const at of instants)
          assert.deepEqual(viewOf(answeredAt(at, given)), viewOf(first), instantToWire(at))
      },
    ),
    { numRuns: 2000 },
  )
})

const world = await openWorld()
const START = instantFromWire(WORLD_NOW)
const ANN = { userId: 'ann' }

test('a denial by an hourly budget is valid until the next hour begins', async () => {
  world.clock.moveTo(START)
  const { check, explain, consume } = await openAgency(world, { limits: { 'ann PT1H': 3 } })
  const hour = '2026-05-18T11:00:00.000Z'
  assert.equal((await consume(3, ANN)).validUntil, hour)
  assert.equal((await check(1, ANN)).validUntil, hour)
  const explained = await explain(1, ANN)
  assert.deepEqual([explained.isGranted, explained.validUntil], [false, hour])
  assert.equal((await consume(1, ANN)).validUntil, hour)
  assert.equal((await check(1)).validUntil, '2026-06-01T00:00:00.000Z')
})

test('a denial because of holds is valid until the first blocking hold ends', async () => {
  world.clock.moveTo(START)
  const { check, consume, reserve, held, release, tenant } = await openAgency(world, {
    limits: { 'ann P1D': 10, 'bob P1D': 10 },
    usageLimit: 30,
  })
  const long = await held(6, ANN, { ttlSeconds: 600 })
  const short = await held(3, ANN, { ttlSeconds: 60 })
  await held(2, { userId: 'bob' }, { ttlSeconds: 30 })
  const at = (seconds: number) => instantToWire(START + seconds * 1000)
  const day = '2026-05-19T00:00:00.000Z'
  assert.equal((await check(1, ANN)).validUntil, day)
  assert.equal((await check(2, ANN)).validUntil, at(60))
  assert.equal((await consume(2, ANN)).validUntil, at(60))
  assert.equal((await reserve(2, ANN)).validUntil, at(60))
  await release(short.id)
  assert.equal((await check(5, ANN)).validUntil, at(600))
  assert.equal((await check(25)).validUntil, at(30))
  const listed = async () => {
    const { data } = await tenant.ok('v1.customers.retrieveEntitlements', {
      params: { id: 'acme' },
    })
    return data.entitlements.map((each) => ('validUntil' in each ? each.validUntil : null))
  }
  assert.deepEqual(await listed(), ['2026-06-01T00:00:00.000Z'])
  await consume(22, {})
  assert.equal((await check(0)).validUntil, '2026-06-01T00:00:00.000Z')
  await tenant.ok('v1.usage.report', {
    body: { usages: [{ customerId: 'acme', featureId: 'tokens', value: 1 }] },
  })
  assert.deepEqual(await listed(), [at(30)])
  world.clock.moveTo(START + 30_000)
  assert.deepEqual(await listed(), ['2026-06-01T00:00:00.000Z'])
  await release(long.id)
})
