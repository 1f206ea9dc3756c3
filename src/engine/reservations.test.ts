import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, ANN_ON_GPT, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { until } from '../../test/support/deadline.ts'
import { shownChains, verdict } from '../../test/support/decisions.ts'
import { differencesOf } from '../../test/support/verified.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { findCustomerKey } from '../customers/index.ts'
import { column, row, sql } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import { instantToWire } from '../kernel/clock.ts'

const world = await openWorld()
const { clock } = world
const { db } = world.bursar.app
const inSeconds = (seconds: number) => instantToWire(clock.now() + seconds * 1000)
const TEAM = { teamId: 'team' }

/** What totals and counters hold for a customer, and what its reservations add up to. */
async function heldBy(tenant: Tenant): Promise<{ totals: number; counters: number }> {
  const customerKey = required(await findCustomerKey(db.read, tenant.scope, params.id), 'acme')
  assert.deepEqual(await differencesOf(world, tenant), {})
  return db.read.one(
    row({ totals: column.integer, counters: column.integer }),
    sql`
    select (select coalesce(sum(held), 0)::integer from usage_totals
        where customer_key = ${customerKey}::uuid) as totals,
      (select coalesce(sum(held), 0)::integer from budget_counters
        where customer_key = ${customerKey}::uuid) as counters`,
  )
}
const NOTHING = { totals: 0, counters: 0 }

/** Moves the clock forward, and back after the work. */
async function later(seconds: number, work: () => Promise<void>): Promise<void> {
  const start = clock.now()
  clock.moveTo(start + seconds * 1000)
  try {
    await work()
  } finally {
    clock.moveTo(start)
  }
}

const ended = { status: 400, code: 'InvalidArgumentError' } as const

test('a held amount is not available to others and does not count as usage', async () => {
  const { reserve, check, consume, tenant } = await openAgency(world, { limits: { team: 10 } })
  const { reservation, ...decided } = await reserve(6, TEAM)
  assert.equal(verdict(decided), 'granted')
  assert.deepEqual(shownChains(decided), [['team 0/10', 'org 0/∞']])
  const { id, ...made } = required(reservation, 'a reservation')
  const now = instantToWire(clock.now())
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.deepEqual(made, {
    customerId: 'acme',
    featureId: FEATURE,
    currencyId: null,
    resourceId: null,
    status: 'open',
    amount: 6,
    committedAmount: null,
    dimensions: TEAM,
    timestamp: now,
    expiresAt: inSeconds(60),
    createdAt: now,
    updatedAt: now,
  })
  assert.equal((await check(0, TEAM)).currentUsage, 0)
  assert.equal((await check(4, TEAM)).isGranted, true)
  assert.deepEqual(shownChains(await check(5, TEAM)), [['team 0/10!', 'org 0/∞']])
  assert.equal(verdict(await consume(5, TEAM)), 'BudgetExceeded')
  assert.equal(verdict(await reserve(5, TEAM)), 'BudgetExceeded')
  assert.equal(verdict(await consume(4, TEAM)), 'granted recorded')
  assert.deepEqual(await heldBy(tenant), { totals: 18, counters: 6 })
})

test('the limit of the customer includes holds', async () => {
  const { held, check, consume, release } = await openAgency(world, { usageLimit: 10 })
  const { id } = await held(7)
  assert.equal((await check(3)).isGranted, true)
  assert.equal((await check(4)).accessDeniedReason, 'RequestedUsageExceedingLimit')
  assert.equal(verdict(await consume(4)), 'RequestedUsageExceedingLimit')
  await release(id)
  assert.equal(verdict(await consume(10)), 'granted recorded')
})

const COMMITS = [
  ['all', {}, 6],
  ['less', { amount: 2.5 }, 2.5],
  ['nothing', { amount: 0 }, 0],
] as const
for (const [name, body, committed] of COMMITS)
  test(`a commit of ${name} is recorded in the windows of the hold and releases the rest`, async () => {
    const { held, commit, check, consume, tenant } = await openAgency(world, {
      limits: { team: 10, 'ann P1D': 6 },
      usageLimit: 10,
    })
    const { id } = await held(6, ANN)
    const answer = await commit(id, body)
    assert.equal(verdict(answer), 'granted recorded')
    assert.deepEqual(
      [answer.reservation.status, answer.reservation.committedAmount],
      ['committed', committed],
    )
    const seen = await check(0, ANN)
    assert.equal(seen.currentUsage, committed)
    assert.deepEqual(
      seen.chains?.[0]?.map(({ currentUsage }) => currentUsage),
      [committed, committed, 0],
    )
    assert.deepEqual(await heldBy(tenant), NOTHING)
    assert.deepEqual(shownChains(answer), [
      [`ann ${committed}/6`, `team ${committed}/10`, 'org 0/∞'],
    ])
    const again = await commit(id, body)
    assert.deepEqual([verdict(again), again.replayed], ['granted recorded', true])
    assert.deepEqual(again.reservation, answer.reservation)
    assert.equal((await check(0, ANN)).currentUsage, committed)
    assert.equal(verdict(await consume(6 - committed + 1, ANN)), 'BudgetExceeded')
    if (committed < 6) assert.equal(verdict(await consume(6 - committed, ANN)), 'granted recorded')
  })

test('the overage of a commit determines whether more than the hold is refused, decided or recorded', async () => {
  const { held, commit, check, tenant } = await openAgency(world, {
    limits: { team: 10 },
    usageLimit: 20,
  })
  const { id } = await held(6, TEAM)
  const settle = { params: { ...params, reservationId: id } }
  await tenant.refused(
    'v1.customers.reservations.commit',
    { ...settle, body: { amount: 7 } },
    {
      ...ended,
      message: /holds 6/,
    },
  )
  const overage = 'allow_if_available'
  const budget = await commit(id, { amount: 11, overage })
  assert.equal(verdict(budget), 'BudgetExceeded')
  assert.equal(budget.reservation.status, 'open')
  const limit = await commit(id, { amount: 21, overage })
  assert.equal(verdict(limit), 'RequestedUsageExceedingLimit')
  assert.equal((await check(0, TEAM)).currentUsage, 0)
  assert.deepEqual(await heldBy(tenant), { totals: 18, counters: 6 })
  const { id: other } = await held(1, TEAM)
  assert.equal(verdict(await commit(id, { amount: 10, overage })), 'BudgetExceeded')
  assert.equal(verdict(await commit(id, { amount: 9, overage })), 'granted recorded')
  assert.equal(
    verdict(await commit(other, { amount: 100, overage: 'allow_overdraft' })),
    'granted recorded',
  )
  assert.deepEqual(shownChains(await check(1, TEAM)), [['team 109/10!', 'org 0/∞']])
  assert.deepEqual(await heldBy(tenant), NOTHING)
})

test('a reservation ends once: the same step can be repeated, and any other step is refused', async () => {
  const { held, commit, release, tenant } = await openAgency(world)
  const committed = await held(5, ANN)
  const released = await held(5, ANN)
  await commit(committed.id, { amount: 3 })
  const freed = await release(released.id)
  assert.deepEqual(await release(released.id), freed)
  assert.equal(freed.status, 'released')
  const attempts = [
    ['release', committed.id, undefined],
    ['extend', committed.id, { ttlSeconds: 5 }],
    ['commit', committed.id, { amount: 5 }],
    ['commit', committed.id, {}],
    ['commit', released.id, {}],
    ['extend', released.id, { ttlSeconds: 5 }],
  ] as const
  for (const [step, reservationId, body] of attempts)
    await tenant.refused(
      `v1.customers.reservations.${step}`,
      { params: { ...params, reservationId }, ...(body && { body }) },
      ended,
    )
})

test('an expired reservation no longer holds anything, for checks, decisions and its own steps', async () => {
  const { held, check, consume, retrieve, tenant } = await openAgency(world, {
    limits: { team: 10 },
    usageLimit: 12,
  })
  const first = await held(6, TEAM, { ttlSeconds: 10 })
  const second = await held(4, TEAM, { ttlSeconds: 20 })
  await later(9.999, async () => {
    assert.equal((await check(1, TEAM)).isGranted, false)
    assert.equal((await retrieve(first.id)).status, 'open')
  })
  await later(10, async () => {
    const seen = await retrieve(first.id)
    assert.deepEqual([seen.status, seen.updatedAt], ['expired', first.expiresAt])
    assert.deepEqual(shownChains(await check(6, TEAM)), [['team 0/10', 'org 0/∞']])
    assert.equal((await check(7, TEAM)).accessDeniedReason, 'BudgetExceeded')
    assert.equal((await check(8)).isGranted, true)
    assert.equal((await check(9)).accessDeniedReason, 'RequestedUsageExceedingLimit')
    for (const [step, body] of [
      ['commit', {}],
      ['extend', { ttlSeconds: 5 }],
      ['release'],
    ] as const)
      await tenant.refused(
        `v1.customers.reservations.${step}`,
        { params: { ...params, reservationId: first.id }, ...(body && { body }) },
        { ...ended, message: /expired/ },
      )
    assert.deepEqual(await heldBy(tenant), { totals: 12, counters: 4 }, 'a refusal has noted it')
    assert.equal(verdict(await consume(6, TEAM)), 'granted recorded')
    assert.deepEqual(shownChains(await check(1, TEAM)), [['team 6/10!', 'org 0/∞']])
  })
  await later(20, async () => {
    assert.equal((await retrieve(second.id)).status, 'expired')
    assert.equal(verdict(await consume(4, TEAM)), 'granted recorded')
    assert.deepEqual(await heldBy(tenant), NOTHING)
  })
})

test('a check that finds an expired reservation has it stored as expired', async () => {
  const { held, check, tenant } = await openAgency(world)
  await held(6, ANN_ON_GPT, { ttlSeconds: 10 })
  await held(6, ANN_ON_GPT, { ttlSeconds: 100 })
  await later(30, async () => {
    assert.deepEqual(await heldBy(tenant), { totals: 36, counters: 48 })
    await check(1)
    await until('what has expired to be noted', async () => (await heldBy(tenant)).totals < 36)
    assert.deepEqual(await heldBy(tenant), { totals: 18, counters: 24 })
  })
})

test('an extension holds for longer, and never shortens a reservation', async () => {
  const { held, extend, check } = await openAgency(world, { limits: { team: 10 } })
  const { id, ...before } = await held(10, TEAM, { ttlSeconds: 10 })
  assert.deepEqual(await extend(id, 5), { id, ...before })
  await later(8, async () => {
    const extended = await extend(id, 100)
    assert.deepEqual(extended, {
      id,
      ...before,
      expiresAt: inSeconds(100),
      updatedAt: inSeconds(0),
    })
    assert.deepEqual(await extend(id, 100), extended)
  })
  await later(107.999, async () => assert.equal((await check(1, TEAM)).isGranted, false))
  await later(108, async () => assert.equal((await check(1, TEAM)).isGranted, true))
})

test('a hold stays in the windows of its reservation, whenever it is committed', async () => {
  const { held, commit, check, consume, release } = await openAgency(world, {
    limits: { 'ann P1D': 10, team: 100 },
  })
  const { id, dimensions } = await held(10, ANN, { ttlSeconds: 86_400 })
  assert.deepEqual(dimensions, ANN)
  const freed = await held(5, TEAM, { ttlSeconds: 86_400 })
  await later(80_000, async () => {
    assert.deepEqual((await check(10, ANN)).isGranted, true, 'the next day has a window of its own')
    await consume(3, ANN)
    assert.equal(verdict(await commit(id, { amount: 8 })), 'granted recorded')
    assert.deepEqual(shownChains(await check(1, ANN)), [['ann 3/10', 'team 11/100', 'org 0/∞']])
    await release(freed.id)
  })
  const before = await consume(3, ANN, { timestamp: inSeconds(0) })
  assert.equal(verdict(before), 'BudgetExceeded')
  assert.deepEqual(shownChains(before), [['ann 8/10!', 'team 11/100', 'org 0/∞']])
})

test('a hold moves to the new cadence of a budget and is committed there', async () => {
  const { held, commit, check, budget, tenant, consume } = await openAgency(world, {
    limits: { 'ann P1D': 10 },
  })
  const { id } = await held(4, ANN)
  const { id: freed } = await held(1, ANN)
  await budget({ 'ann P1M': 10 })
  assert.equal((await check(5, ANN)).isGranted, true)
  assert.equal((await check(6, ANN)).isGranted, false)
  assert.equal(verdict(await consume(6, ANN)), 'BudgetExceeded')
  await commit(id)
  assert.deepEqual(shownChains(await check(1, ANN)), [['ann 4/10', 'team 0/∞']])
  await tenant.ok('v1.customers.reservations.release', {
    params: { ...params, reservationId: freed },
  })
  assert.deepEqual(await heldBy(tenant), NOTHING)
})

test('a budget that is created during a hold counts neither the hold nor its commit', async () => {
  const { held, commit, check, budget } = await openAgency(world, { limits: { team: 10 } })
  const { id } = await held(6, ANN)
  await budget({ 'ann P1D': 3 })
  await commit(id)
  assert.deepEqual(shownChains(await check(3, ANN)), [['ann 0/3', 'team 0/10', 'org 0/∞']])
})

test('a repeated key returns the same reservation in its current state', async () => {
  const { reserve, commit, tenant } = await openAgency(world, { limits: { team: 10 } })
  const mine = { idempotencyKey: 'mine' }
  const first = required((await reserve(6, TEAM, mine)).reservation, 'a reservation')
  const again = await reserve(6, TEAM, mine)
  assert.equal(verdict(again), 'granted')
  assert.deepEqual(again.reservation, first)
  const denied = await reserve(6, TEAM, { idempotencyKey: 'theirs' })
  assert.equal(verdict(denied), 'BudgetExceeded')
  assert.equal(denied.reservation, null)
  await commit(first.id, { amount: 1 })
  assert.equal((await reserve(6, TEAM, mine)).reservation?.status, 'committed')
  assert.equal(verdict(await reserve(6, TEAM, { idempotencyKey: 'theirs' })), 'BudgetExceeded')
  const use = { featureId: FEATURE, amount: 6, dimensions: TEAM, ...mine }
  const status = async (body: object) =>
    (await tenant.call('v1.customers.reservations.create', { params, body })).status
  assert.equal(await status(use), 201)
  assert.equal(await status({ ...use, idempotencyKey: 'theirs' }), 200)
  assert.equal(await status({ ...use, amount: 7 }), 400)
  await tenant.ok('v1.customers.consume', { params, body: use })
})

test('archiving a customer releases its reservations', async () => {
  const { held, tenant, retrieve } = await openAgency(world)
  const expired = await held(2, ANN, { ttlSeconds: 1 })
  const open = await held(3, ANN)
  await later(1, async () => {
    await tenant.ok('v1.customers.archive', { params })
    assert.deepEqual(await heldBy(tenant), NOTHING)
    assert.equal((await retrieve(expired.id)).status, 'expired')
    const released = await retrieve(open.id)
    assert.deepEqual([released.status, released.updatedAt], ['released', inSeconds(0)])
    await tenant.refused(
      'v1.customers.reservations.release',
      { params: { ...params, reservationId: open.id } },
      { status: 400, code: 'EntityIsArchivedError' },
    )
    await tenant.ok('v1.customers.unarchive', { params })
  })
})

test('reservations are listed newest first, with their current status', async () => {
  const { held, release, tenant } = await openAgency(world)
  const made = []
  for (const ttlSeconds of [5, 50, 50]) made.push(await held(1, ANN, { ttlSeconds }))
  const [first, second, third] = made.map(({ id }) => id)
  await release(required(second, 'the second'))
  const list = async (query: Record<string, string> = {}) => {
    const { data, pagination } = await tenant.ok('v1.customers.reservations.list', {
      params,
      query,
    })
    return { ids: data.map(({ id }) => id), ...pagination }
  }
  assert.deepEqual((await list()).ids, [third, second, first])
  assert.deepEqual((await list({ status: 'open' })).ids, [third, first])
  await later(5, async () => {
    assert.deepEqual((await list({ status: 'open' })).ids, [third])
    assert.deepEqual((await list({ status: 'expired,released' })).ids, [second, first])
  })
  const page = await list({ limit: '2' })
  assert.deepEqual(page.ids, [third, second])
  assert.deepEqual((await list({ limit: '2', after: String(page.next) })).ids, [first])
})

test('a reservation can be read and ended only by its own customer and environment', async () => {
  const mine = await openAgency(world)
  const other = await openAgency(world)
  const { id } = await mine.held(1, ANN)
  await mine.tenant.ok('v1.customers.provision', { body: { id: 'globex' } })
  const unknown = { status: 404, code: null } as const
  for (const [step, body] of [
    ['retrieve'],
    ['release'],
    ['commit', {}],
    ['extend', { ttlSeconds: 5 }],
  ] as const)
    for (const [tenant, customerId, reservationId] of [
      [mine.tenant, 'globex', id],
      [other.tenant, 'acme', id],
      [mine.tenant, 'acme', '019e3a9c-5e30-7000-8000-000000000001'],
      [mine.tenant, 'acme', 'no-id'],
    ] as const)
      await tenant.refused(
        `v1.customers.reservations.${step}`,
        { params: { id: customerId, reservationId }, ...(body && { body }) },
        unknown,
      )
  assert.equal((await mine.retrieve(id.toUpperCase())).status, 'open')
})
