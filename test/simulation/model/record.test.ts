import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wholeUnits } from '../../../src/kernel/quantity.ts'
import { CREATED, createAcme, customerOf, done, FEATURE } from './acme.ts'
import { ask, assign, budget, codes, createBudgeted, drawn, use } from './acme-calls.ts'
import { reportEvents, reportUsage } from './record.ts'
import type { State } from './state.ts'
import { setArchived } from './structure.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const ann = { userId: 'ann' }

const chain = (state: State, now = CREATED) => drawn(ask(state, ann, 0, now))?.[0]
const used = (state: State, now = CREATED) =>
  (ask(state, undefined, 0, now).figures?.currentUsage ?? 0n) / wholeUnits(1)

test('usage from before the creation of a budget does not count for it', () => {
  const state = createAcme()
  use(state, 5, ann)
  done(assign(state, [budget('ann', 10)]))
  assert.equal(chain(state), 'ann 0/10')
  use(state, 2, ann)
  assert.equal(chain(state), 'ann 2/10')
  assert.equal(used(state), 7n)
})

test('late usage counts in its window, unless the budget was created later', () => {
  const state = createAcme()
  done(assign(state, [budget('ann', 10, { cadence: 'P1D' })]))
  const tomorrow = CREATED + DAY
  use(state, 3, ann, { createdAt: CREATED })
  use(state, 4, ann, { createdAt: CREATED - 1 })
  assert.equal(chain(state, tomorrow), 'ann 0/10')
  assert.equal(chain(state), 'ann 3/10')
  assert.equal(used(state), 7n)
})

test('usage ahead of its time counts when its window begins', () => {
  const state = createAcme()
  done(assign(state, [budget('ann', 10, { cadence: 'PT1M' })]))
  use(state, 3, ann, { createdAt: CREATED + HOUR })
  assert.equal(chain(state), 'ann 0/10')
  assert.equal(chain(state, CREATED + HOUR), 'ann 3/10')
  const usages = [
    { customerId: 'acme', featureId: FEATURE, value: 1, createdAt: CREATED + HOUR + 1 },
  ]
  assert.deepEqual(codes(reportUsage(state, usages, { now: CREATED })), ['InvalidArgumentError'])
})

test('a report counts by the entitlement at its instant, or by the current one', () => {
  const state = createAcme()
  const [held] = customerOf(state).grants
  const ends = CREATED + HOUR
  if (held !== undefined) held.endsAt = ends
  const told = (createdAt: number) => {
    const usages = [{ customerId: 'acme', featureId: FEATURE, value: 2, createdAt }]
    return reportUsage(state, usages, { now: ends + HOUR })
  }
  assert.deepEqual(codes(told(ends)), ['NoActiveSubscriptionForCustomer'])
  assert.deepEqual(codes(told(CREATED - 1)), ['NoActiveSubscriptionForCustomer'])
  assert.equal(done(told(ends - 1))[0]?.currentUsage, wholeUnits(2))
  customerOf(state).grants.push({ ...(held ?? assert.fail()), startsAt: ends + HOUR, endsAt: null })
  assert.equal(done(told(ends))[0]?.currentUsage, wholeUnits(4))
})

test('a new cadence counts its current window again from attributed usage', () => {
  const state = createAcme()
  done(assign(state, [budget('ann', 10, { cadence: 'PT1H' })]))
  use(state, 1, ann)
  use(state, 2, ann, { createdAt: CREATED - HOUR })
  use(state, 4, ann, { createdAt: CREATED + HOUR })
  assert.equal(chain(state), 'ann 1/10')
  done(assign(state, [{ entityId: 'ann', featureId: FEATURE, cadence: 'P1D' }], CREATED + HOUR))
  // The 2 are never attributed: they were before the budget was created.
  assert.equal(chain(state, CREATED + HOUR), 'ann 5/10')
})

test('negative usage counts as it is, and is shown as 0', () => {
  const state = createAcme()
  done(assign(state, [budget('ann', 10)]))
  use(state, -5, ann)
  assert.equal(chain(state), 'ann 0/10')
  assert.equal(ask(state, ann, 15).isGranted, true)
  assert.equal(ask(state, ann, 16).isGranted, false)
  assert.equal(used(state), 0n)
})

test('a SET is recorded as a difference, for the customer and for each budget', () => {
  const state = createAcme()
  done(assign(state, [budget('ann', 100)]))
  const set = (value: number, sinceMs: number, dimensions = {}) =>
    use(state, value, dimensions, { updateBehavior: 'SET', createdAt: CREATED + sinceMs })
  use(state, 10, {})
  set(12, 2, ann)
  assert.deepEqual([used(state), chain(state)], [12n, 'ann 12/100'])
  set(7, 1, ann)
  assert.deepEqual([used(state), chain(state)], [12n, 'ann 12/100'])
  set(30, 4)
  set(7, 3, ann)
  assert.deepEqual([used(state), chain(state)], [30n, 'ann 7/100'])
  set(5, 4, ann)
  assert.deepEqual([used(state), chain(state)], [5n, 'ann 5/100'])
})

test('a level has one window of all time, for the customer and for each budget', () => {
  const state = createAcme()
  const feature = { id: FEATURE, type: 'NUMBER', meterType: 'FLUCTUATING', meter: null } as const
  state.features.set(FEATURE, feature)
  done(assign(state, [budget('ann', 100, { cadence: 'PT1M' })]))
  use(state, 12, ann, { updateBehavior: 'SET' })
  assert.equal(chain(state, CREATED + 400 * DAY), 'ann 12/100')
  done(assign(state, [{ entityId: 'ann', featureId: FEATURE, cadence: 'P1D' }], CREATED + DAY))
  assert.equal(chain(state, CREATED + 400 * DAY), 'ann 12/100')
})

test('a key counts once, even within a batch, and a repetition gets the current usage', () => {
  const state = createAcme()
  const usage = { customerId: 'acme', featureId: FEATURE, value: 3, idempotencyKey: 'k' }
  const report = () => done(reportUsage(state, [usage, usage], { now: CREATED }))
  const totals = () => report().map(({ currentUsage }) => currentUsage / wholeUnits(1))
  assert.deepEqual(totals(), [3n, 3n])
  use(state, 1, {})
  assert.deepEqual(totals(), [4n, 4n])
})

test('a report without a key always counts', () => {
  const state = createAcme()
  const usage = { customerId: 'acme', featureId: FEATURE, value: 3, createdAt: CREATED }
  for (const total of [3n, 6n]) {
    const [answer] = done(reportUsage(state, [usage], { now: CREATED }))
    assert.equal((answer?.currentUsage ?? 0n) / wholeUnits(1), total)
  }
})

test('a refused report changes nothing and does not use up its key', () => {
  const state = createAcme()
  const usage = { customerId: 'acme', featureId: FEATURE, value: 3, idempotencyKey: 'k' }
  const rows: [object, string][] = [
    [{ customerId: 'nobody' }, 'CustomerNotFound'],
    [{ featureId: 'nothing' }, 'FeatureNotFound'],
    [{ resourceId: 'site' }, 'CustomerResourceNotFound'],
  ]
  for (const [wrong, code] of rows) {
    const batch = [usage, { ...usage, ...wrong }]
    assert.deepEqual(codes(reportUsage(state, batch, { now: CREATED })), [code])
  }
  assert.equal(used(state), 0n)
  assert.equal(done(reportUsage(state, [usage], { now: CREATED }))[0]?.currentUsage, wholeUnits(3))
  customerOf(state).grants = []
  const refused = codes(reportUsage(state, [{ ...usage, idempotencyKey: 'l' }], { now: CREATED }))
  assert.deepEqual(refused, ['NoActiveSubscriptionForCustomer'])
})

test('an archived entity gets no usage, and does not get it later either', () => {
  const state = createBudgeted()
  const set = (to: boolean) =>
    done(setArchived(state, { customerId: 'acme', ids: ['team-eng'], to }))
  set(true)
  use(state, 5, ann)
  assert.equal(chain(state), 'ann 15/30 → org-acme 405/1000')
  set(false)
  assert.equal(chain(state), 'ann 15/30 → team-eng 140/200 → org-acme 405/1000')
})

const meters = {
  tokens: { function: 'SUM', field: 'tokens', eventName: 'completion', where: null },
  calls: {
    function: 'COUNT',
    field: null,
    eventName: 'completion',
    where: { field: 'region', value: 'eu' },
  },
} as const

test('an event counts once for every meter that it matches', () => {
  const state = createAcme()
  for (const [id, meter] of Object.entries(meters))
    state.features.set(id, { id, type: 'NUMBER', meterType: 'INCREMENTAL', meter })
  const row = { entityId: 'ann', usageLimit: 9, cadence: 'P1D' }
  done(
    assign(
      state,
      ['tokens', 'calls'].map((featureId) => ({ ...row, featureId })),
    ),
  )
  const event = { customerId: 'acme', eventName: 'completion', dimensions: { ...ann, tokens: 2.5 } }
  const eu = { ...event, dimensions: { ...event.dimensions, region: 'eu' } }
  const keyed = (each: typeof event, idempotencyKey: string) => ({ ...each, idempotencyKey })
  const batch = [
    keyed(event, 'a'),
    keyed(eu, 'b'),
    keyed(eu, 'b'),
    { ...keyed(eu, 'c'), eventName: 'x' },
  ]
  done(reportEvents(state, batch, CREATED))
  done(reportEvents(state, [keyed(event, 'a')], CREATED))
  done(reportEvents(state, [{ ...keyed(eu, 'b'), timestamp: CREATED + 1 }], CREATED))
  const amounts = customerOf(state).records.map(({ featureId, amount, counted }) => [
    featureId,
    Number(amount) / Number(wholeUnits(1)),
    counted.size,
  ])
  const both = [
    ['tokens', 2.5, 1],
    ['calls', 1, 1],
  ]
  assert.deepEqual(amounts, [['tokens', 2.5, 1], ...both, ...both])
})
